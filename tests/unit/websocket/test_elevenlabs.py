"""ElevenLabs' shape, message by message, over a fake source."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from fastapi import FastAPI

from deployments.http.app import create_app
from deployments.http.service import Service
from deployments.websocket.line import clause_seed
from tests.unit.websocket.conftest import make_service
from tests.unit.websocket.fakes import RATE_HZ, Client, FakeSource, pcm_of

SINGLE = "/v1/text-to-speech/Rachel/stream-input"
MULTI = "/v1/text-to-speech/Rachel/multi-stream-input"
QUERY = "model_id=eleven_flash_v2_5&output_format=pcm_24000&seed=5&auto_mode=true"
PAUSE = bytes(2 * int(0.25 * RATE_HZ))


async def until_closed(client: Client) -> list[Any]:
    got: list[Any] = []
    while client.close_code is None or not got or got[-1] != {"type": "closed"}:
        got.append(await client.receive())
    return got[:-1]


def audio_of(messages: list[Any], context: str | None = None) -> bytes:
    mine = [m for m in messages if m.get("audio") and m.get("contextId") == context]
    return b"".join(base64.b64decode(m["audio"]) for m in mine)


async def test_one_stream(app: FastAPI) -> None:
    async with Client(app, SINGLE, QUERY) as client:
        client.send({"text": " ", "voice_settings": {"stability": 0.5}, "try_trigger_generation": True})
        for piece in ("Hello ", "there. ", "Good", "bye "):
            client.send({"text": piece, "try_trigger_generation": True})
        client.send({"text": ""})
        got = await until_closed(client)
        assert (client.close_code, got[-1]) == (1000, {"isFinal": True, "audio": None})
        aligned = [m["alignment"] for m in got if m.get("alignment")]
        assert "".join(char for one in aligned for char in one["chars"]) == " Hello there. Goodbye "
        total_ms = sum(duration for one in aligned for duration in one["charDurationsMs"])
        assert total_ms == pytest.approx(len(audio_of(got)) / 2 / RATE_HZ * 1000, abs=20)
        assert got[0].keys() == {"audio", "isFinal", "normalizedAlignment", "alignment"}
        first, second = pcm_of("Hello there.", 5), pcm_of("Goodbye", clause_seed(5, 1))
        assert audio_of(got).startswith(first + PAUSE + second)


async def test_several_contexts(app: FastAPI) -> None:
    async with Client(app, MULTI, QUERY) as client:
        client.send({"text": "One. ", "context_id": "a", "voice_settings": {"speed": 1.5}})
        client.send({"text": "Half a", "context_id": "b"})
        client.send({"text": "", "context_id": "b"})
        client.send({"text": "nd more", "context_id": "b", "flush": True})
        client.send({"text": "None of the above. "})
        client.send({"close_socket": True})
        got = await until_closed(client)
        assert audio_of(got, "a") == pcm_of("One.", 5) + PAUSE
        assert audio_of(got, "b").startswith(pcm_of("Half and more", 5))
        assert audio_of(got, None) == pcm_of("None of the above.", 5) + PAUSE
        finals = [m["contextId"] for m in got if m["isFinal"]]
        assert set(finals) == {"a", "b", None}


async def test_a_context_too_many_takes_the_place_of_an_idle_one(app: FastAPI) -> None:
    async with Client(app, MULTI, QUERY) as client:
        for name in "abcd":
            client.send({"text": " ", "context_id": name})
        assert await client.receive() == {"isFinal": True, "audio": None, "contextId": "a"}


async def test_an_idle_client_is_told_as_it_expects(source: FakeSource) -> None:
    async with Client(create_app(make_service(source)), SINGLE, f"{QUERY}&inactivity_timeout=0.1") as client:
        got = await until_closed(client)
        assert (got[0]["error"], got[0]["code"], client.close_code) == ("input_timeout_exceeded", 1008, 1008)


@pytest.mark.parametrize(
    ("path", "query", "message", "error"),
    [
        ("/v1/text-to-speech/nobody/stream-input", QUERY, {"text": "Hello. "}, "unknown_voice"),
        (SINGLE, "model_id=other", {"text": "Hello. "}, "unknown_model"),
        (SINGLE, QUERY, {"text": 5}, "invalid_parameter"),
        (SINGLE, QUERY, [], "invalid_input_message"),
    ],
)
async def test_errors_end_a_single_stream(
    app: FastAPI, path: str, query: str, message: Any, error: str
) -> None:
    async with Client(app, path, query) as client:
        client.send(message)
        got = await until_closed(client)
        assert (got[-1]["error"], client.close_code) == (error, 1008)


@pytest.mark.parametrize(
    "query", ["output_format=smoke_1", "output_format=ulaw_16000", "inactivity_timeout=x"]
)
async def test_a_handshake_that_asks_for_what_there_isnt_is_told(app: FastAPI, query: str) -> None:
    async with Client(app, SINGLE, query) as client:
        got = await until_closed(client)
        assert got[0]["code"] == 1008
        assert got[0]["error"]["param"] == query.partition("=")[0]
        assert client.close_code == 1008


async def test_telephony_is_eight_bits_at_8_khz(app: FastAPI) -> None:
    async with Client(app, SINGLE, "output_format=ulaw_8000&seed=5") as client:
        client.send({"text": "Hello there. "})
        client.send({"text": ""})
        data = audio_of(await until_closed(client))
        num_samples = len(pcm_of("Hello there.", 5) + PAUSE) // 2
        assert len(data) == pytest.approx(num_samples / 3, abs=2)
        assert data.endswith(b"\xff" * 1000)


async def test_a_service_without_a_model_of_that_name(app: FastAPI, service: Service) -> None:
    async with Client(app, MULTI, "model_id=other") as client:
        client.send({"text": "Hello. ", "context_id": "a"})
        assert (await client.receive())["error"] == "unknown_model"
        assert client.close_code is None
