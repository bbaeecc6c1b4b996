"""Polyvox's own protocol, over a fake source."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from deployments.http.app import create_app
from deployments.websocket.line import clause_seed
from tests.support.waiting import until
from tests.unit.websocket.conftest import make_service
from tests.unit.websocket.fakes import Client, FakeSource, pcm_of
from tests.unit.websocket.own_protocol import PATH, SENTENCE_PAUSE, START, audio_of, text, types_of
from tts_core.errors import EngineStopped, Overloaded


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
        await until(lambda: len(source.refusals) < 100)
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


async def test_a_turn_keeps_its_voice_through_an_update_as_long_as_it_can(
    app: FastAPI, source: FakeSource
) -> None:
    """Old and new replicas answer meanwhile, and which one is asked is chance."""
    source.kinds = iter(("old-cpu", "new-gpu", "old-gpu", "new-gpu", "new-cpu", "new-gpu", "new-cpu"))
    async with Client(app, PATH) as client:
        client.send(START)
        client.send(text("One here. Two here. Three here. Four here. And"))
        for _ in range(4):
            await client.until("clause_done")
        heard = [one.fingerprint for one in source.speeches if one.num_delivered]
        assert heard == ["old-cpu", "old-gpu", "new-gpu", "new-cpu"]  # machines make no difference to ears
        assert source.num_open == 0
        assert len({one.request.request_id for one in source.speeches}) == len(source.speeches) == 7
