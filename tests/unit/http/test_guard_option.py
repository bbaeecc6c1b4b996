"""Guards against wayward speech are on, and off for a request that says so, in both dialects."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.unit.http.fakes import FakeSource

SPEAK = {"input": "Hello.", "voice": "en-us"}
TTS = {"text": "Hello.", "text_lang": "en", "ref_audio_path": "en-us"}


async def ask(client: httpx.AsyncClient, dialect: str, **changes: Any) -> httpx.Response:
    if dialect == "openai":
        return await client.post("/v1/audio/speech", json={**SPEAK, **changes})
    if dialect == "post":
        return await client.post("/tts", json={**TTS, **changes})
    return await client.get("/tts", params={**TTS, **changes})


@pytest.mark.parametrize("dialect", ["openai", "post", "get"])
async def test_guards_are_off_by_request_alone(
    client: httpx.AsyncClient, source: FakeSource, dialect: str
) -> None:
    for changes in ({}, {"guard": True}, {"temperature": 0.5}, {"guard": False}):
        assert (await ask(client, dialect, **changes)).status_code == 200
    samplings = [request.sampling for request in source.requests]
    assert samplings[0] is None
    assert [one.is_guarded for one in samplings[1:] if one is not None] == [True, True, False]


@pytest.mark.parametrize("dialect", ["openai", "post", "get"])
async def test_what_is_neither_on_nor_off_is_refused(client: httpx.AsyncClient, dialect: str) -> None:
    assert (await ask(client, dialect, guard="perhaps")).status_code in (400, 422)
