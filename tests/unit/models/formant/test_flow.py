"""Pausing, leaving, and being full: what one listener does is no matter to the others."""

from __future__ import annotations

import asyncio
import json

import psutil
import pytest

from tests.support.streams import hear
from tests.support.waiting import until
from tests.unit.models.formant.support import (
    LONG_TEXT,
    SENTENCE,
    SHORT_LEAD,
    make_request,
    speak,
    speakers,
)
from tts_core.errors import EngineStopped, Overloaded
from tts_core.models.formant.engine import FormantEngine


def is_blocked(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_SLEEPING)


async def test_stalled_listeners_hold_a_bounded_amount_and_delay_no_one(tight_engine: FormantEngine) -> None:
    engine = tight_engine
    alone = await speak(engine, SENTENCE)
    stalled = [engine.generate(make_request(LONG_TEXT)) for _ in range(6)]
    await until(lambda: engine.stats().num_paused == 6)
    await until(lambda: all(is_blocked(process) for process in speakers(engine)))
    written = [stream.num_written for stream in stalled]
    assert await speak(engine, SENTENCE) == alone
    assert [stream.num_written for stream in stalled] == written
    # A lead of 1 s, and what one read of 64 KiB may overshoot it by.
    assert all(num <= engine.sample_rate_hz + (1 << 15) for num in written)


async def test_stalled_listener_goes_on_where_it_stopped(tight_engine: FormantEngine) -> None:
    text = SENTENCE * 6
    alone = await speak(tight_engine, text)
    stream = tight_engine.generate(make_request(text))
    await until(lambda: tight_engine.stats().num_paused == 1)
    assert await hear(stream) == alone


async def test_leaving_in_the_middle_frees_slot_descriptor_and_process(tight_engine: FormantEngine) -> None:
    engine = tight_engine
    await speak(engine, SENTENCE)
    descriptors = psutil.Process().num_fds()
    for turn in range(200):
        stream = engine.generate(make_request(LONG_TEXT))
        if turn % 2:  # half of them before anything happened
            await anext(stream)
        stream.cancel()
        assert engine.stats().num_open == 0
    assert engine.stats().num_aborted == 200
    await until(lambda: not speakers(engine))  # none left, and no zombies either
    await until(lambda: psutil.Process().num_fds() == descriptors)
    engine.check_health()


async def test_leaving_ends_a_blocked_process(tight_engine: FormantEngine) -> None:
    stream = tight_engine.generate(make_request(LONG_TEXT))
    await until(lambda: tight_engine.stats().num_paused == 1)
    await until(lambda: [is_blocked(process) for process in speakers(tight_engine)] == [True])
    produced_s = tight_engine.stats().audio_s
    stream.cancel()
    await until(lambda: not speakers(tight_engine))
    assert tight_engine.stats().audio_s == produced_s > 0


async def test_abort_ends_the_stream_it_names_once(tight_engine: FormantEngine) -> None:
    request = make_request(LONG_TEXT)
    stream = tight_engine.generate(request)
    await anext(stream)
    assert tight_engine.abort(request.request_id)
    assert not tight_engine.abort(request.request_id)
    assert [chunk async for chunk in stream] == []


async def test_full_engine_refuses_until_a_slot_is_free() -> None:
    engine = FormantEngine(SHORT_LEAD, num_slots=2)
    await engine.start()
    try:
        assert engine.room().num_free == 2
        stream, _ = (engine.generate(make_request(LONG_TEXT)) for _ in range(2))
        assert engine.room().num_free == 0
        with pytest.raises(Overloaded) as caught:
            engine.generate(make_request(SENTENCE))
        assert caught.value.retry_after_s == pytest.approx(engine.room().soonest_s, rel=0.1)
        stream.cancel()
        assert engine.room().num_free == 1
        assert await speak(engine, SENTENCE)
    finally:
        await engine.stop()


async def test_newcomer_is_heard_before_long_streams_are_complete(engine: FormantEngine) -> None:
    """Many long requests that never pause must not keep a newcomer waiting for their end."""
    others = [asyncio.create_task(hear(engine.generate(make_request(LONG_TEXT)))) for _ in range(8)]
    await until(lambda: engine.stats().audio_s > 8)
    newcomer = engine.generate(make_request(SENTENCE))
    await anext(newcomer)
    assert not any(task.done() for task in others)
    await asyncio.gather(*others)


async def test_stop_ends_streams_and_leaves_nothing() -> None:
    descriptors = psutil.Process().num_fds()
    engine = FormantEngine(SHORT_LEAD)
    await engine.start()
    streams = [engine.generate(make_request(LONG_TEXT)) for _ in range(4)]
    await until(lambda: engine.stats().num_paused == 4)
    host = psutil.Process(engine.host_pid)
    processes = [host, *speakers(engine)]
    await engine.stop()
    for stream in streams:
        with pytest.raises(EngineStopped):
            await hear(stream)
    with pytest.raises(EngineStopped):
        engine.generate(make_request(SENTENCE))
    assert not host.is_running()
    await until(lambda: not any(process.is_running() for process in processes))
    assert psutil.Process().num_fds() == descriptors
    assert len(asyncio.all_tasks()) == 1
    await engine.stop()


async def test_figures_add_up(engine: FormantEngine) -> None:
    assert engine.stats().num_open == 0
    num_samples = len(await speak(engine, SENTENCE)) // 2
    stats = engine.stats()
    assert (stats.num_slots, stats.num_open, stats.num_finished, stats.num_aborted) == (64, 0, 1, 0)
    assert stats.audio_s == pytest.approx(num_samples / engine.sample_rate_hz)


async def test_command_beyond_any_socket_buffer_arrives(engine: FormantEngine) -> None:
    text = "Hello." + " \n" * 1_000_000
    assert len(json.dumps(text)) > 1 << 21
    assert await speak(engine, text) == await speak(engine, "Hello. \n")


async def test_hundred_thousand_characters_can_be_begun_and_left(engine: FormantEngine) -> None:
    stream = engine.generate(make_request("word " * 20_000))
    assert (await anext(stream)).num_samples > 0
    stream.cancel()
    assert await speak(engine, SENTENCE)
