"""ElevenLabs' own client, and the messages that agents send, against a real server."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.serve.live_text import spoken
from tests.support.decoding import decode

# By name: mypy would read all of its generated types.
elevenlabs: Any = importlib.import_module("elevenlabs")

TEXT = "Good morning, everyone. The constellations have disappeared. "


def client_of(url: str) -> Any:
    client = elevenlabs.ElevenLabs(api_key="any", base_url=url)
    # It insists on TLS, which is for whatever stands in front of a server.
    client.text_to_speech._ws_base_url = url.replace("http", "ws", 1)
    return client


def words() -> Iterator[str]:
    for word in TEXT.split():
        yield f"{word} "


@pytest.mark.filterwarnings("ignore:ConnectionClosed")
async def test_its_realtime_client_gets_the_speech(server_url: str) -> None:
    def convert(voice: str) -> bytes:
        chunks = client_of(server_url).text_to_speech.convert_realtime(
            voice, text=words(), model_id="formant", output_format="pcm_24000"
        )
        return b"".join(chunks)

    pcm = await asyncio.to_thread(convert, "en-us")
    assert pcm == await spoken(server_url, [TEXT])
    with pytest.raises(Exception, match="unknown_voice"):
        await asyncio.to_thread(convert, "nobody")


async def _send(socket: ClientConnection, *messages: dict[str, Any]) -> None:
    for message in messages:
        await socket.send(json.dumps(message))


async def _until_final(
    socket: ClientConnection, contexts: set[str]
) -> tuple[dict[str, bytes], dict[str, dict[str, list[Any]]]]:
    """Return each context's audio and alignment, once all are final."""
    audio = dict.fromkeys(contexts, b"")
    names = ("chars", "charStartTimesMs", "charDurationsMs")
    aligned: dict[str, dict[str, list[Any]]] = {context: {name: [] for name in names} for context in contexts}
    left = set(contexts)
    while left:
        message = json.loads(await asyncio.wait_for(socket.recv(), 20))
        if message["isFinal"]:
            left.remove(message["contextId"])
        elif message["audio"] is not None:
            audio[message["contextId"]] += base64.b64decode(message["audio"])
        else:
            for name in names:
                aligned[message["contextId"]][name] += message["alignment"][name]
    return audio, aligned


async def test_what_agents_send_over_several_contexts(server_url: str) -> None:
    """Message by message what livekit-plugins-elevenlabs and pipecat send."""
    address = server_url.replace("http", "ws", 1) + (
        "/v1/text-to-speech/en-us/multi-stream-input?model_id=formant&output_format=pcm_24000"
        "&enable_ssml_parsing=false&enable_logging=true&inactivity_timeout=180"
        "&apply_text_normalization=auto&sync_alignment=true&auto_mode=true"
    )
    settings = {"stability": 0.5, "similarity_boost": 0.7, "use_speaker_boost": True}
    async with connect(address, additional_headers={"xi-api-key": "any"}) as socket:
        await _send(socket, {"text": " ", "voice_settings": settings, "context_id": "one"})
        await _send(socket, {"text": "", "context_id": "one"})  # keeps it alive
        for word in words():
            await _send(socket, {"text": word, "context_id": "one"})
        await _send(socket, {"text": "Another. ", "context_id": "two", "voice_settings": {"speed": 1.0}})
        await _send(socket, {"text": "", "context_id": "one", "flush": True})
        await _send(socket, {"context_id": "one", "close_context": True})
        await _send(socket, {"context_id": "two", "flush": True})
        await _send(socket, {"context_id": "two", "close_context": True})
        audio, aligned = await _until_final(socket, {"one", "two"})
        assert "".join(aligned["one"]["chars"]) == f" {TEXT}"
        assert sum(aligned["two"]["charDurationsMs"]) == pytest.approx(len(audio["two"]) / 48, abs=30)
        assert audio["one"] == await spoken(server_url, [TEXT])
        assert audio["two"] == await spoken(server_url, ["Another."])
        await _send(socket, {"close_socket": True})
        await socket.wait_closed()
        assert socket.close_code == 1000


async def test_a_closed_context_falls_silent_at_once_if_asked(server_url: str) -> None:
    address = server_url.replace("http", "ws", 1) + "/v1/text-to-speech/en-us/multi-stream-input"
    async with connect(f"{address}?output_format=ulaw_8000") as socket:
        await _send(socket, {"text": TEXT * 20, "context_id": "one"})
        await asyncio.wait_for(socket.recv(), 20)
        await _send(socket, {"context_id": "one", "close_context": True, "immediate": True})
        audio, _ = await _until_final(socket, {"one"})
        assert len(audio["one"]) < 8000 * 60


async def test_what_pipecat_sends_over_http(server_url: str) -> None:
    """The request of `ElevenLabsHttpTTSService`, and its way of reading the answer: line by line."""
    body = {"text": TEXT * 20, "model_id": "eleven_turbo_v2_5", "previous_text": "Hello."}
    settings = {"stability": 0.5, "similarity_boost": 0.7, "speed": 1.0}
    url = f"{server_url}/v1/text-to-speech/en-us/stream/with-timestamps"
    params = {"output_format": "pcm_24000", "optimize_streaming_latency": "3", "enable_logging": "true"}
    num_bytes, chars, ends = 0, "", [0.0]
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            url, json={**body, "voice_settings": settings}, headers={"xi-api-key": "any"}, params=params
        ) as answer,
    ):
        assert answer.status == 200
        async for line in answer.content:
            data = json.loads(line)
            num_bytes += len(base64.b64decode(data["audio_base64"]))
            if told := data["alignment"]:
                chars += "".join(told["characters"])
                ends += told["character_end_times_seconds"]
    assert chars == TEXT * 20
    assert ends == sorted(ends)
    assert num_bytes / 48_000 - 1 < ends[-1] <= num_bytes / 48_000


def test_its_http_client_gets_the_speech(server_url: str) -> None:
    client = client_of(server_url)
    asked = {"voice_id": "en-us", "text": TEXT, "model_id": "eleven_multilingual_v2", "seed": 3}
    say, raw = client.text_to_speech, {**asked, "output_format": "pcm_24000"}
    body = {"input": TEXT, "voice": "en-us", "model": "formant", "seed": 3, "response_format": "pcm"}
    pcm = httpx.post(f"{server_url}/v1/audio/speech", json=body, timeout=30).content
    assert b"".join(say.convert(**raw)) == b"".join(say.stream(**raw)) == pcm
    samples, rate_hz = decode(b"".join(say.convert(**asked)))
    assert rate_hz == 44_100
    assert len(samples) / rate_hz == pytest.approx(len(pcm) / 48_000, abs=0.2)
    whole, lines = say.convert_with_timestamps(**raw), [*say.stream_with_timestamps(**raw)]
    assert base64.b64decode(whole.audio_base_64) == pcm
    assert b"".join(base64.b64decode(line.audio_base_64) for line in lines) == pcm
    for told in ([whole.alignment], [line.alignment for line in lines if line.alignment]):
        assert "".join(char for one in told for char in one.characters) == TEXT
        ends = [second for one in told for second in one.character_end_times_seconds]
        assert ends == sorted(ends)
        assert len(pcm) / 48_000 - 1 < ends[-1] <= len(pcm) / 48_000
    assert "en-us" in {voice.voice_id for voice in client.voices.get_all().voices}
    assert [voice.voice_id for voice in client.voices.search(search="alloy").voices] == ["alloy"]
    with pytest.raises(Exception, match="unknown_voice"):
        b"".join(say.convert(**{**asked, "voice_id": "nobody"}))
