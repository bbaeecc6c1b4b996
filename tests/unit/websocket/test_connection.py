"""Connections of Polyvox's own protocol: who leaves, who misbehaves, and what bounds them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from deployments.http.app import create_app
from deployments.http.planning import Wish
from deployments.http.service import Service
from deployments.metrics import catalogue
from deployments.websocket.context import Context
from deployments.websocket.events import Event
from deployments.websocket.turn import ContextSettings, Surroundings
from tests.support.waiting import until
from tests.unit.websocket.conftest import make_service
from tests.unit.websocket.fakes import Client, FakeSource, pcm_of
from tests.unit.websocket.own_protocol import PATH, SENTENCE_PAUSE, START, text, types_of
from tts_core.audio.encoder import StreamEncoder
from tts_core.audio.formats import AudioFormat


async def test_a_listener_who_leaves_leaves_nothing(app: FastAPI, source: FakeSource) -> None:
    source.may_speak.clear()
    async with Client(app, PATH) as client:
        client.send(START)
        client.send(text("To nobody. And more. "))
        await client.until("clause")
        client.leave()
        await asyncio.wait_for(client.task, 5)
    assert source.speeches
    assert source.num_open == 0


async def test_a_cancelled_handler_leaves_nothing(app: FastAPI, source: FakeSource) -> None:
    source.may_speak.clear()
    async with Client(app, PATH) as client:
        client.send(START)
        client.send(text("To nobody. And more. "))
        await client.until("clause")
        client.task.cancel()
        await asyncio.gather(client.task, return_exceptions=True)
        await until(lambda: source.num_open == 0)


async def test_who_takes_nothing_holds_back_the_speech_and_is_given_up(
    app: FastAPI, source: FakeSource
) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        await client.until("started")
        client.may_read.clear()
        client.send(text("A sentence that would take long to be heard. " * 5))
        await until(lambda: bool(source.speeches))
        await asyncio.wait_for(client.task, 5)
        assert (client.close_code, source.num_open) == (1008, 0)
        assert source.speeches[0].num_delivered == 0


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("not JSON", "malformed_message"),
        ("[1, 2]", "malformed_message"),
        ("[" * 20_000, "malformed_message"),
        ('{"type": "nothing"}', "malformed_message"),
        ("{}", "malformed_message"),
        ('{"type": "text", "text": 5}', "invalid_parameter"),
        ('{"type": "text", "text": "x", "more": 1}', "invalid_parameter"),
        ('{"type": "text", "text": "x", "context_id": "none"}', "unknown_context"),
        ('{"type": "start", "voice": "en-us", "speed": NaN}', "invalid_parameter"),
        ('{"type": "start", "voice": "en-us", "context_id": "\\ud800"}', "invalid_parameter"),
        ('{"type": "start", "voice": "en-us", "lexicon": {"a": ""}}', "invalid_parameter"),
        ('{"type": "start", "voice": "en-us", "top_p": 7}', "invalid_parameter"),
    ],
)
async def test_bad_messages_are_answered(app: FastAPI, message: str, code: str) -> None:
    async with Client(app, PATH) as client:
        client.send_raw(message)
        assert (await client.until("error"))[-1]["error"]["code"] == code
        client.send({"type": "ping"})
        assert (await client.receive())["type"] == "pong"


async def test_limits_of_a_connection(app: FastAPI) -> None:
    async with Client(app, PATH) as client:
        for name in "abca":
            client.send({**START, "context_id": name})
        assert (await client.until("error"))[-1]["error"]["code"] == "context_in_use"
        client.send({**START, "context_id": "d"})
        assert (await client.until("error"))[-1]["error"]["code"] == "too_many_contexts"
        client.send(text("x" * 501, context_id="a"))
        assert (await client.until("error"))[-1]["error"]["code"] == "input_too_long"


async def test_frames_of_the_wrong_kind_or_size_end_it(app: FastAPI) -> None:
    async with Client(app, PATH) as client:
        client.send_bytes(b"\x00")
        await client.until("closed")
        assert client.close_code == 1003
    async with Client(app, PATH) as client:
        client.send_raw("x" * 70_000)
        await client.until("closed")
        assert client.close_code == 1009


async def test_binary_frames_name_their_context(app: FastAPI) -> None:
    async with Client(app, PATH, "audio=binary") as client:
        client.send({**START, "context_id": "ä"})
        client.send(text("Hello there. ", context_id="ä"))
        got = await client.until("clause_done")
        frames = [m for m in got if isinstance(m, bytes)]
        assert all(frame[:3] == b"\x02" + "ä".encode() for frame in frames)
        assert b"".join(frame[3:] for frame in frames) == pcm_of("Hello there.", 7) + SENTENCE_PAUSE
    async with Client(app, PATH, "audio=smoke") as client:
        assert (await client.until("closed"))[0]["error"]["code"] == "invalid_parameter"


async def test_an_idle_connection_ends_but_not_while_it_speaks(source: FakeSource) -> None:
    service = make_service(source, idle_timeout_s=0.2)
    source.may_speak.clear()
    async with Client(create_app(service), PATH) as client:
        client.send(START)
        client.send(text("Wait for this. "))
        await client.until("clause")
        await asyncio.sleep(0.5)
        assert client.close_code is None
        source.may_speak.set()
        assert (await client.until("error"))[-1]["error"]["code"] == "idle_timeout"
        await client.until("closed")
        assert client.close_code == 1008


async def test_a_server_that_goes_lets_everyone_finish(service: Service, source: FakeSource) -> None:
    async with Client(create_app(service), PATH) as client:
        client.send(START)
        client.send(text("To be finished, even so"))
        await client.until("started")
        service.is_leaving = lambda: True
        got = await client.until("closed")
        assert types_of(got)[:2] == ["error", "clause"]
        assert got[0]["error"]["code"] == "session_ends"
        assert client.close_code == 1001


async def test_a_long_piece_is_spoken_whole_though_the_server_goes(source: FakeSource) -> None:
    service = make_service(source)
    context = Context("c", _settings(), _surroundings(service), service.args.live_text, 5000)
    feeding = asyncio.create_task(context.feed("One sentence of many. " * 30))
    await asyncio.sleep(0)
    context.end()
    await feeding
    assert context._pending().strip().endswith("One sentence of many.")
    await until(lambda: len(source.speeches) == 30)
    context.abandon()


def _settings() -> ContextSettings:
    wish = Wish(text="", voice="en-us", seed=1)
    return ContextSettings(wish, lambda rate_hz: StreamEncoder(AudioFormat.PCM, rate_hz))


def _surroundings(service: Service) -> Surroundings:
    async def emit(event: Event, before: Callable[[], None] | None = None) -> None:
        if before is not None:
            before()

    return Surroundings(service, lambda: None, "r", None, emit, lambda _: None, lambda _: None)


async def test_pages_of_others_are_refused(app: FastAPI) -> None:
    for origin, code in (("http://evil.example", 1008), ("http://chat.example", None), ("http://here", None)):
        async with Client(app, PATH, headers={"Origin": origin, "Host": "here"}) as client:
            first = await client.receive()
            assert (first["type"], client.close_code) == ("closed" if code else "ready", code)


async def test_listeners_are_counted(app: FastAPI, service: Service) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        client.send(text("Hello there. "))
        await client.until("clause_done")
    ledger: Any = service.figures._recorder
    assert ledger.value(catalogue.STREAMS, model="formant", outcome="completed") == 1
