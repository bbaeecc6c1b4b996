"""The OpenAI dialect at its edge: what is asked for arrives, what can't be is refused with a stable code."""

from __future__ import annotations

import asyncio
import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.types import Message

from deployments.http.framing import BareFraming
from deployments.http.governor import Governor
from deployments.http.speech_response import BrokenOff, SpeechResponse
from tests.support.decoding import decode
from tests.unit.http.fakes import RATE_HZ, FakeSource, tone
from tts_core.audio.encoder import StreamEncoder
from tts_core.audio.formats import AudioFormat
from tts_core.errors import EngineStopped, Overloaded, SegmentFailed
from tts_core.request import SynthesisRequest

SPEAK = "/v1/audio/speech"
HELLO = {"model": "tts-1", "input": "Hello there.", "voice": "en-us"}
AUDIO_S = 1.6


async def speak(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await client.post(SPEAK, json={**HELLO, **changes})


async def test_mp3_is_the_default(client: httpx.AsyncClient) -> None:
    answer = await speak(client)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/mpeg"
    samples, rate_hz = decode(answer.content)
    assert rate_hz == 24_000
    assert len(samples) / rate_hz == pytest.approx(AUDIO_S, abs=0.15)
    assert np.abs(samples).max() > 0.2


@pytest.mark.parametrize("name", ["wav", "flac", "opus", "mp3", "aac"])
async def test_formats_last_as_long_as_the_speech(client: httpx.AsyncClient, name: str) -> None:
    answer = await speak(client, response_format=name)
    samples, rate_hz = decode(answer.content)
    assert len(samples) / rate_hz == pytest.approx(AUDIO_S, abs=0.15)


async def test_pcm_is_24_khz_whatever_the_engine_speaks_at(client: httpx.AsyncClient) -> None:
    answer = await speak(client, response_format="pcm")
    assert len(answer.content) / 2 == pytest.approx(AUDIO_S * 24_000, abs=2)


async def test_events_carry_the_same_bytes_as_the_bare_answer(client: httpx.AsyncClient) -> None:
    bare = await speak(client, response_format="mp3")
    answer = await speak(client, response_format="mp3", stream_format="sse")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]
    assert [event["type"] for event in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1)
    assert b"".join(base64.b64decode(event["audio"]) for event in events[:-1]) == bare.content
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["usage"] == {"input_tokens": 12, "output_tokens": 40, "total_tokens": 52}


async def test_alias_seed_and_extras_reach_the_engine(client: httpx.AsyncClient, source: FakeSource) -> None:
    await speak(client, voice="alloy", seed=7, speed=1.5, pitch=0.8, language="fr", instruction=None)
    request = source.requests[0]
    assert (request.voice, request.model, request.seed) == ("en-us+f3", "formant", 7)
    assert (request.speed, request.pitch, request.language) == (1.5, 0.8, "fr")


@pytest.mark.parametrize(
    ("asked", "planned"), [({}, False), ({"low_latency": None}, False), ({"low_latency": True}, True)]
)
async def test_low_latency_is_asked_for_by_name(
    client: httpx.AsyncClient, source: FakeSource, asked: dict[str, Any], planned: bool
) -> None:
    assert (await speak(client, **asked)).status_code == 200
    assert source.requests[0].low_latency is planned


async def test_an_alias_takes_a_variant(client: httpx.AsyncClient, source: FakeSource) -> None:
    await speak(client, voice="alloy+m2")
    assert source.requests[0].voice == "en-us+m2"


async def test_a_seed_is_drawn_where_none_is_given(client: httpx.AsyncClient, source: FakeSource) -> None:
    await speak(client)
    await speak(client)
    assert source.requests[0].seed != source.requests[1].seed


async def test_voice_may_be_an_object(client: httpx.AsyncClient, source: FakeSource) -> None:
    assert (await speak(client, voice={"id": "en-us"})).status_code == 200


async def test_every_sample_is_acknowledged_and_the_speech_closed(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    await speak(client, response_format="wav")
    speech = source.speeches[0]
    assert speech.delivered[-1] == sum(len(piece) // 2 for piece in source.pieces)
    assert speech.closed


BAD_BODIES: list[tuple[dict[str, Any], int, str, str | None]] = [
    ({"input": ""}, 400, "empty_input", "input"),
    ({"input": " \n\t "}, 400, "empty_input", "input"),
    ({"input": "...!?"}, 400, "empty_input", "input"),
    ({"input": "a" * 501}, 400, "input_too_long", "input"),
    ({"input": "a" * 3000}, 413, "body_too_large", None),
    ({"input": 5}, 400, "invalid_parameter", "input"),
    ({"input": None}, 400, "invalid_parameter", "input"),
    ({"voice": "nobody"}, 404, "unknown_voice", "voice"),
    ({"voice": 3}, 400, "invalid_parameter", None),
    ({"model": "gpt-9"}, 404, "unknown_model", "model"),
    ({"speed": -1}, 400, "invalid_parameter", "speed"),
    ({"speed": 100}, 400, "invalid_parameter", "speed"),
    ({"speed": "fast"}, 400, "invalid_parameter", "speed"),
    ({"speed": True}, 400, "invalid_parameter", "speed"),
    ({"seed": -2}, 400, "invalid_parameter", "seed"),
    ({"low_latency": "yes"}, 400, "invalid_parameter", "low_latency"),
    ({"seed": 1.5}, 400, "invalid_parameter", "seed"),
    ({"response_format": "midi"}, 400, "unsupported_format", "response_format"),
    ({"response_format": "ogg"}, 400, "unsupported_format", "response_format"),
    ({"response_format": 1}, 400, "invalid_parameter", "response_format"),
    ({"stream_format": "websocket"}, 400, "invalid_parameter", "stream_format"),
]


@pytest.mark.parametrize(("changes", "status", "code", "param"), BAD_BODIES)
async def test_bad_parameters_have_a_status_a_code_and_a_name(
    client: httpx.AsyncClient, changes: dict[str, Any], status: int, code: str, param: str | None
) -> None:
    answer = await speak(client, **changes)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert error["message"]
    assert error["type"] == "invalid_request_error"
    if param is not None:
        assert error["param"] == param


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"not json", b"[]", b'"text"', b"null", b"3", b'{"input": "\xff\xfe"}', b"\xff" * 20],
)
async def test_a_body_that_is_no_json_object_is_malformed(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post(SPEAK, content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed_body")


async def test_a_missing_field_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post(SPEAK, json={"input": "Hello"})
    assert answer.json()["error"]["param"] == "voice"


async def test_a_body_sent_in_chunks_is_limited_too(client: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(10):
            yield b" " * 500

    answer = await client.post(SPEAK, content=endless(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


async def test_full_is_429_with_a_time_to_come_back(client: httpx.AsyncClient, source: FakeSource) -> None:
    source.refuses_with = Overloaded("full", retry_after_s=1.2)
    answer = await speak(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert answer.json()["error"]["code"] == "overloaded"


async def test_a_failure_before_the_first_chunk_has_a_status(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    source.refuses_with = EngineStopped("stopped")
    answer = await speak(client)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


async def test_an_unexpected_failure_tells_nothing_of_the_inside(
    client: httpx.AsyncClient, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(request: object) -> None:
        raise RuntimeError("secret path")

    monkeypatch.setattr(source, "open", fail)
    answer = await speak(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text


async def test_a_broken_bare_answer_never_ends_cleanly(client: httpx.AsyncClient, source: FakeSource) -> None:
    source.breaks_with = SegmentFailed("broke")
    app = client._transport.app  # type: ignore[attr-defined]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as strict:
        with pytest.raises(BrokenOff):
            await speak(strict)
    assert source.speeches[0].closed


async def test_a_broken_event_stream_says_so(client: httpx.AsyncClient, source: FakeSource) -> None:
    source.breaks_with = SegmentFailed("broke")
    answer = await speak(client, stream_format="sse")
    last = json.loads(answer.text.split("\n\n")[-2][6:])
    assert last["type"] == "error"
    assert last["error"]["code"] == "segment_failed"


async def test_models_and_voices(client: httpx.AsyncClient) -> None:
    models = (await client.get("/v1/models")).json()
    assert [entry["id"] for entry in models["data"]] == ["formant", "other"]
    voices = (await client.get("/v1/audio/voices")).json()["voices"]
    assert [voice["id"] for voice in voices] == ["alloy", "en-us"]
    assert voices[0]["language"] == "en-US"


async def test_request_id_is_taken_made_harmless_and_unique(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    for _ in range(2):
        await client.post(SPEAK, json=HELLO, headers={"X-Request-Id": "call 7\t!"})
    first, second = (request.request_id for request in source.requests)
    assert first.startswith("call_7__/")
    assert first != second


async def test_unknown_routes_and_methods_answer_json(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/nothing")).json()["error"]["code"] == "not_found"
    assert (await client.get(SPEAK)).json()["error"]["code"] == "method_not_allowed"


async def test_a_listener_who_leaves_is_no_failure(
    source: FakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an error in the log, nor an encoder left open."""
    source.pause_s = 0.01
    source.pieces = [tone(0.5)] * 50
    speech = await source.open(SynthesisRequest(request_id="r", model="m", voice="en-us", segments=()))
    encoder = StreamEncoder(AudioFormat.MP3, RATE_HZ)
    with ThreadPoolExecutor(1) as pool:
        response = SpeechResponse(speech, encoder, BareFraming(), "audio/mpeg", pool, Governor(None), 5.0)
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            await asyncio.sleep(0.1)
            return {"type": "http.disconnect"}

        await response({"type": "http"}, receive, send)
    assert speech.closed
    assert 1 < len(sent) < 50
    assert not caplog.records
    with pytest.raises(ValueError, match="finished"):
        encoder.encode(tone(0.1))


async def test_a_write_that_takes_too_long_ends_the_speech(source: FakeSource) -> None:
    speech = await source.open(SynthesisRequest(request_id="r", model="m", voice="en-us", segments=()))
    encoder = StreamEncoder(AudioFormat.WAV, RATE_HZ)

    async def never(_: object = None) -> Any:
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as pool:
        response = SpeechResponse(speech, encoder, BareFraming(), "audio/wav", pool, Governor(None), 0.05)
        with pytest.raises(BrokenOff, match="took nothing"):
            await response({"type": "http"}, never, never)
    assert speech.closed


async def test_health(client: httpx.AsyncClient, source: FakeSource) -> None:
    assert (await client.get("/ping")).status_code == 200
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200
    source.refuses_with = EngineStopped("loading")
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


async def test_cors_preflight(client: httpx.AsyncClient) -> None:
    headers = {"Origin": "http://chat.example", "Access-Control-Request-Method": "POST"}
    answer = await client.options(SPEAK, headers=headers)
    assert answer.headers["access-control-allow-origin"] == "http://chat.example"
