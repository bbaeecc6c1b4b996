"""An answer that is sent only once it is whole isn't made for somebody who has hung up."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.planning import Wish
from deployments.http.service import Service
from deployments.keys.errors import LimitReached
from tests.unit.http.fakes import FakeSource, FakeSpeech
from tests.unit.keys.support import make_key
from tts_core.request import SynthesisRequest

SUBTITLES = ("/v1/audio/speech/subtitles", {"input": "Hello there.", "voice": "en-us"})
TTS = ("/tts", {"text": "Hello there.", "text_lang": "en", "ref_audio_path": "en-us"})


class Watched(FakeSource):
    """Notes when it is asked to speak."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def open(self, request: SynthesisRequest, payer: str = "") -> FakeSpeech:
        self.asked.set()
        return await super().open(request, payer)


class Busy(Watched):
    """Has no room: who asks waits for a turn."""

    def __init__(self) -> None:
        super().__init__()
        self.num_waiting = 0

    async def open(self, request: SynthesisRequest, payer: str = "") -> FakeSpeech:
        self.num_waiting += 1
        self.asked.set()
        try:
            await asyncio.sleep(60)
        finally:
            self.num_waiting -= 1
        raise AssertionError


async def hang_up(source: Watched, path: str, body: dict[str, Any]) -> list[Message]:
    """Post a request, and hang up once it is asked for. Return what was answered all the same."""
    app = create_app(Service(IngressArgs(), source, transport_holds_back=True))
    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    coming = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        if coming:
            return coming.pop()
        await source.asked.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await asyncio.wait_for(app(scope, receive, send), 10)
    return sent


@pytest.mark.parametrize(("path", "body"), [SUBTITLES, TTS])
async def test_speech_that_nobody_waits_for_any_more_is_given_up(path: str, body: dict[str, Any]) -> None:
    source = Watched()
    source.pause_s = 60.0
    sent = await hang_up(source, path, body)
    assert [speech.closed for speech in source.speeches] == [True]
    assert sent[0]["status"] == 499


@pytest.mark.parametrize(("path", "body"), [SUBTITLES, TTS])
async def test_so_is_a_place_among_those_who_wait(path: str, body: dict[str, Any]) -> None:
    source = Busy()
    await hang_up(source, path, body)
    assert source.num_waiting == 0


async def test_who_hangs_up_has_paid() -> None:
    """Else limits on characters would be none for whoever leaves before the first sample."""
    source = Busy()
    service = Service(IngressArgs(), source, transport_holds_back=True)
    key = make_key(characters_per_minute=20, concurrent_streams=1)
    wish = Wish(text="Twelve chars", voice="en-us", model=None)
    opening = asyncio.get_running_loop().create_task(service.open(wish, "first", key))
    await source.asked.wait()
    opening.cancel()
    await asyncio.wait({opening})
    with pytest.raises(LimitReached, match="20 characters"):
        await service.open(wish, "second", key)
