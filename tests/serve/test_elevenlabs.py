"""ElevenLabs' own client, and the messages that agents send, against a real server."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.serve.live_text import spoken

elevenlabs = pytest.importorskip("elevenlabs")

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
