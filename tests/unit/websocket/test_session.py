"""Polyvox's own protocol, over a fake source."""

from __future__ import annotations

import asyncio
import base64
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
from deployments.websocket.line import clause_seed
from deployments.websocket.turn import ContextSettings, Surroundings
from tests.unit.websocket.conftest import make_service
from tests.unit.websocket.fakes import RATE_HZ, Client, FakeSource, becomes, pcm_of
from tts_core.audio.encoder import StreamEncoder
from tts_core.audio.formats import AudioFormat
from tts_core.errors import EngineStopped, Overloaded

PATH = "/v1/audio/speech/ws"
START = {"type": "start", "voice": "en-us", "seed": 7}
SENTENCE_PAUSE = bytes(2 * int(0.25 * RATE_HZ))


def text(piece: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": piece, **more}


def audio_of(messages: list[Any], context_id: str = "default") -> bytes:
    audio = [m for m in messages if m.get("type") == "audio" and m["context_id"] == context_id]
    return b"".join(base64.b64decode(m["audio"]) for m in audio)


def types_of(messages: list[Any]) -> list[str]:
    return [m["type"] for m in messages if m["type"] != "audio"]


async def test_a_clause_is_spoken_while_the_text_goes_on(app: FastAPI) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        for piece in ("Hel", "lo wor", "ld. Mo"):
            client.send(text(piece))
        got = await client.until("clause_done")
        assert types_of(got) == ["ready", "started", "clause", "clause_done"]
        assert audio_of(got) == pcm_of("Hello world.", 7) + SENTENCE_PAUSE
        clause = next(m for m in got if m["type"] == "clause")
        assert (clause["text"], clause["start_char"], clause["end_char"]) == ("Hello world. ", 0, 13)
        client.send(text("re."))
        client.send({"type": "end"})
        rest = await client.until("done")
        assert types_of(rest) == ["clause", "clause_done", "done"]
        assert audio_of(rest).startswith(pcm_of("More.", clause_seed(7, 1)))
        assert rest[0]["seed"] == clause_seed(7, 1)


async def test_two_contexts_are_spoken_side_by_side_and_apart(app: FastAPI) -> None:
    async with Client(app, PATH) as client:
        for name in ("a", "b"):
            client.send({**START, "context_id": name})
        for piece in ("One", " and", " two. ", "Thr", "ee. "):
            client.send(text(f"{piece}", context_id="a"))
            client.send(text(f"{piece}", context_id="b"))
        client.send({"type": "close"})
        got = await client.until("closed")
        spoken = (
            pcm_of("One and two.", 7) + SENTENCE_PAUSE + pcm_of("Three.", clause_seed(7, 1)) + SENTENCE_PAUSE
        )
        assert audio_of(got, "a") == audio_of(got, "b") == spoken
        assert client.close_code == 1000


async def test_an_interruption_is_silence_and_a_report(app: FastAPI, source: FakeSource) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        client.send(text("First one here. "))
        await client.until("clause_done")
        source.may_speak.clear()
        client.send(text("Second one here. Third one. And a rest"))
        await client.until("clause")
        client.send({"type": "interrupt", "played_ms": 200})
        (report,) = await client.until("interrupted")
        assert (report["played_ms"], report["is_estimate"]) == (200, False)
        whole = "First one here. Second one here. Third one. And a rest"
        assert report["spoken_text"] + report["unspoken_text"] == whole
        assert report["spoken_text"] == "First"
        assert report["spoken_chars"] == 5
        assert source.num_open == 0
        source.may_speak.set()
        await asyncio.sleep(0.05)
        assert client.waiting() == []
        client.send(text("Anew. "))
        got = await client.until("clause_done")
        assert audio_of(got) == pcm_of("Anew.", 7) + SENTENCE_PAUSE


async def test_words_are_told_as_they_are_heard(app: FastAPI) -> None:
    async with Client(app, PATH) as client:
        client.send({**START, "timestamps": ["word"]})
        client.send(text("  Hello there, you. And **you**. "))
        client.send({"type": "end"})
        got = await client.until("done")
        words = [word for m in got if m["type"] == "words" for word in m["words"]]
        assert [word["text"] for word in words] == ["Hello", "there", "you", "And", "you"]
        assert [word["start_char"] for word in words] == [2, 8, 15, 20, 26]
        times = [time for word in words for time in (word["start_ms"], word["end_ms"])]
        assert times == sorted(times)
        second = [m for m in got if m["type"] == "clause"][1]
        assert times[5] <= second["start_ms"] <= times[6]


async def test_a_clause_that_wasnt_begun_is_part_of_the_report(app: FastAPI, source: FakeSource) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        client.send(text("One. "))
        await client.until("clause_done")
        source.refusals = [Overloaded("full")] * 100
        client.send(text("Two, which waits. Three. "))
        await becomes(lambda: len(source.refusals) < 100)
        client.send({"type": "interrupt", "played_ms": 1e9})
        report = (await client.until("interrupted"))[-1]
        assert (report["spoken_text"], report["unspoken_text"]) == ("One. ", "Two, which waits. Three. ")


async def test_interrupting_all_and_nobody(app: FastAPI) -> None:
    async with Client(app, PATH) as client:
        client.send({"type": "interrupt"})
        client.send({"type": "interrupt", "context_id": "gone"})
        for name in ("a", "b"):
            client.send({**START, "context_id": name})
        client.send({"type": "end", "context_id": "b"})
        await client.until("done", context_id="b")
        client.send({"type": "interrupt"})
        got = await client.until("interrupted")
        assert [m["context_id"] for m in got if m["type"] == "interrupted"] == ["a"]


async def test_an_ended_context_can_be_interrupted(app: FastAPI, source: FakeSource) -> None:
    async with Client(app, PATH) as client:
        source.may_speak.clear()
        client.send(START)
        client.send(text("To be broken off. "))
        client.send({"type": "end"})
        await client.until("clause")
        client.send({"type": "interrupt"})
        assert types_of(await client.until("done")) == ["interrupted", "done"]
        client.send(START)
        assert types_of(await client.until("started")) == ["started"]


async def test_a_flush_takes_a_partial_word_and_is_told(app: FastAPI) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        client.send(text("unfinish", flush=True))
        got = await client.until("flushed")
        assert audio_of(got).startswith(pcm_of("unfinish", 7))


async def test_whole_words_are_spoken_after_a_while_and_the_last_one_later(source: FakeSource) -> None:
    async with Client(create_app(make_service(source)), PATH) as client:
        client.send(START)
        client.send(text("I think it is proba"))
        got = await client.until("clause")
        assert got[-1]["text"] == "I think it is "
        got = await client.until("clause")
        assert got[-1]["text"] == "proba"


async def test_what_cant_be_spoken_is_told_of_and_skipped(app: FastAPI) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        client.send(text("?!? silence. Then this. "))
        got = await client.until("clause_done")
        assert types_of(got) == ["ready", "started", "skipped", "clause", "clause_done"]
        assert audio_of(got) == pcm_of("Then this.", 7) + SENTENCE_PAUSE


async def test_a_failure_is_told_with_what_wasnt_spoken(app: FastAPI, source: FakeSource) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        source.breaks_with = EngineStopped("it stopped")
        client.send(text("It breaks in here. And never comes to this. "))
        got = (await client.until("failed"))[-1]
        assert got["error"]["code"] == "engine_stopped"
        assert got["spoken_text"] + got["unspoken_text"] == "It breaks in here. And never comes to this. "
        source.breaks_with = None
        client.send(text("On we go. "))
        assert audio_of(await client.until("clause_done")).startswith(pcm_of("On we go.", 7))
        assert source.num_open == 0


async def test_a_full_server_refuses_a_turn_but_is_waited_for_within_one(
    app: FastAPI, source: FakeSource
) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        source.refusals = [Overloaded("full", retry_after_s=0.01)]
        client.send(text("Refused at once. "))
        assert (await client.until("failed"))[-1]["error"]["code"] == "overloaded"
        client.send(text("First of the turn. "))
        await client.until("clause_done")
        source.refusals = [Overloaded("full", retry_after_s=0.01)] * 3
        client.send(text("Second of the turn. "))
        got = await client.until("clause_done")
        assert audio_of(got).startswith(pcm_of("Second of the turn.", clause_seed(7, 1)))


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
        await becomes(lambda: source.num_open == 0)


async def test_who_takes_nothing_holds_back_the_speech_and_is_given_up(
    app: FastAPI, source: FakeSource
) -> None:
    async with Client(app, PATH) as client:
        client.send(START)
        await client.until("started")
        client.may_read.clear()
        client.send(text("A sentence that would take long to be heard. " * 5))
        await becomes(lambda: bool(source.speeches))
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
        await asyncio.sleep(1.2)
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
    await becomes(lambda: len(source.speeches) == 30)
    context.abandon()


def _settings() -> ContextSettings:
    wish = Wish(text="", voice="en-us", seed=1)
    return ContextSettings(wish, lambda rate_hz: StreamEncoder(AudioFormat.PCM, rate_hz))


def _surroundings(service: Service) -> Surroundings:
    async def emit(event: Event, before: Callable[[], None] | None = None) -> None:
        if before is not None:
            before()

    return Surroundings(service, None, "r", None, emit, lambda _: None, lambda _: None)


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
