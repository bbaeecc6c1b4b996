"""The live text benchmark against the application itself, with a fake source behind it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from benchmarks.live_text.cli import FIRST, REST, converse, figures, num_first, words
from benchmarks.live_text.talk import TalkSettings
from deployments.http.app import create_app
from deployments.websocket.clause_detector import ClauseDetector
from tests.unit.websocket.conftest import make_service
from tests.unit.websocket.fakes import FakeSource


@pytest.fixture
async def url() -> AsyncIterator[str]:
    app = create_app(make_service(FakeSource()))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


def test_the_first_clause_is_complete_with_the_piece_that_is_timed() -> None:
    pieces = words(FIRST + REST)
    assert "".join(pieces) == FIRST + REST
    assert not list(ClauseDetector().feed("".join(pieces[: num_first() - 1])))
    assert next(ClauseDetector().feed("".join(pieces[: num_first()]))).text.strip() == FIRST


async def test_turns_are_timed(url: str) -> None:
    settings = TalkSettings(url, "en-us", None, words(FIRST + REST)[:40], num_first(), 0.001, 0.05)
    timed = await converse(settings, turns=3, at_once=2)
    shown = figures(timed)
    assert (shown["turns"], shown["audio after `interrupted`"]) == (3, 0)
    assert all(0 < one.first_bytes_s <= one.first_audible_s for one in timed)
    assert all(0 <= one.last_audio_s <= one.told_s for one in timed)


async def test_an_error_is_told(url: str) -> None:
    settings = TalkSettings(url, "nobody", None, words(FIRST + REST), num_first(), 0.001, 0.05)
    with pytest.raises(RuntimeError, match="nobody"):
        await converse(settings, turns=1, at_once=1)
