"""The buffer between engine and listener: nothing lost, nothing reordered, and a bounded lead."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_core.engine.stream import PATIENCE_S, SpeechStream, StreamLimits, StreamState
from tts_core.errors import EngineStopped, PolyvoxError

RATE_HZ = 1000
SECOND = bytes(2 * RATE_HZ)


def make_stream(lead_s: float = 2.0, first_chunk_s: float = 0.1, max_chunk_s: float = 1.0) -> SpeechStream:
    return SpeechStream(RATE_HZ, StreamLimits(lead_s, first_chunk_s, max_chunk_s))


def is_waiting(task: asyncio.Task[object]) -> bool:
    return not task.done()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@given(st.lists(st.binary(max_size=600).map(lambda b: b[: len(b) // 2 * 2])), st.floats(0.01, 3.0))
def test_every_sample_arrives_once_in_order_whatever_the_write_sizes(
    writes: list[bytes], lead_s: float
) -> None:
    async def run() -> bytes:
        stream = make_stream(lead_s)

        async def produce() -> None:
            for pcm in writes:
                await stream.wait_for_room()
                stream.write(pcm)
            stream.finish()

        producer = asyncio.create_task(produce())
        received = b""
        async for chunk in stream:
            assert chunk.start_sample == len(received) // 2
            received += chunk.pcm
            stream.acknowledge(len(received) // 2)
        await producer
        return received

    assert asyncio.run(run()) == b"".join(writes)


async def test_producer_stops_a_lead_ahead_of_what_was_delivered_not_of_what_was_taken() -> None:
    stream = make_stream(lead_s=2.0)
    stream.write(SECOND)
    stream.write(SECOND)
    assert not stream.has_room
    await anext(stream)
    await anext(stream)
    assert not stream.has_room  # taken by transport, but not in the listener's hands
    stream.acknowledge(RATE_HZ)
    assert stream.has_room


async def test_it_is_told_for_how_long_there_has_been_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    now = asyncio.get_running_loop().time()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    stream = make_stream(lead_s=2.0)
    stream.write(SECOND)
    now += 1.0
    assert stream.full_for_s == 0.0
    stream.write(SECOND)
    await anext(stream)
    now += 3.0
    stream.write(SECOND)
    assert stream.full_for_s == pytest.approx(3.0)
    stream.acknowledge(1)
    assert stream.full_for_s == pytest.approx(3.0)  # what was sent is less than what is too much
    await anext(stream)
    stream.acknowledge(2 * RATE_HZ)
    assert stream.full_for_s == 0.0
    stream.write(SECOND)
    assert stream.full_for_s == 0.0
    now += 1.0
    assert stream.full_for_s == pytest.approx(1.0)


async def test_first_chunk_is_handed_out_early_and_later_ones_grow() -> None:
    stream = make_stream(lead_s=100)
    reader = asyncio.create_task(anext(stream))
    stream.write(bytes(2 * 99))
    await settle()
    assert is_waiting(reader)
    stream.write(bytes(2))
    await settle()
    assert (await reader).num_samples == 100
    reader = asyncio.create_task(anext(stream))
    stream.write(bytes(2 * 199))
    await settle()
    assert is_waiting(reader)
    stream.write(SECOND * 3)
    assert (await reader).num_samples == RATE_HZ


async def test_a_rest_too_small_for_a_chunk_is_not_held_until_the_listener_runs_dry() -> None:
    stream = make_stream(lead_s=100, first_chunk_s=0.1)
    stream.write(bytes(2 * 100))
    await anext(stream)
    stream.write(bytes(2 * 50))
    reader = asyncio.create_task(anext(stream))
    await settle()
    assert is_waiting(reader)  # for a chunk of 200 samples, for a quarter of the listener's 100 ms
    assert (await asyncio.wait_for(reader, 5)).num_samples == 50


async def test_the_deadline_is_when_the_listener_runs_out_of_patience_then_of_audio() -> None:
    stream = make_stream(lead_s=100)
    loop = asyncio.get_running_loop()
    assert stream.deadline == pytest.approx(loop.time() + PATIENCE_S, abs=0.1)
    stream.write(SECOND * 3)
    await anext(stream)
    assert stream.deadline == pytest.approx(loop.time() + 3.0, abs=0.1)
    stream.write(SECOND)
    assert stream.deadline == pytest.approx(loop.time() + 4.0, abs=0.1)


async def test_whoever_ran_dry_plays_on_when_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A player waits for audio: what came late isn't owed for ever."""
    now = asyncio.get_running_loop().time()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    stream = make_stream(lead_s=100)
    stream.write(SECOND)
    await anext(stream)
    assert stream.deadline == pytest.approx(now + 1.0)
    now += 5.0
    assert stream.deadline == pytest.approx(now - 4.0)
    stream.write(SECOND * 2)
    assert stream.deadline == pytest.approx(now + 2.0)
    now += 1.0
    stream.write(SECOND)
    assert stream.deadline == pytest.approx(now + 2.0)


async def test_paused_producer_never_leaves_a_short_rest_stuck() -> None:
    stream = make_stream(lead_s=0.05, first_chunk_s=0.1)
    stream.write(bytes(2 * 60))
    assert not stream.has_room
    assert (await anext(stream)).num_samples == 60


async def test_failure_comes_after_the_audio_that_preceded_it() -> None:
    stream = make_stream()
    stream.write(bytes(20))
    stream.fail(EngineStopped("gone"))
    assert (await anext(stream)).num_samples == 10
    with pytest.raises(EngineStopped):
        await anext(stream)


async def test_cancel_wakes_both_sides_and_drops_the_rest() -> None:
    closed: list[StreamState] = []
    stream = SpeechStream(RATE_HZ, StreamLimits(lead_s=1.0), on_close=lambda s: closed.append(s.state))
    stream.write(SECOND)
    producer = asyncio.create_task(stream.wait_for_room())
    await settle()
    assert not producer.done()
    stream.cancel()
    await producer
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    stream.write(SECOND)
    stream.finish()
    stream.fail(PolyvoxError("late"))
    assert stream.num_written == 0
    assert closed == [StreamState.CANCELLED]


async def test_acknowledging_more_than_was_handed_out_gives_no_extra_lead() -> None:
    stream = make_stream(lead_s=1.0)
    stream.write(SECOND)
    stream.acknowledge(10 * RATE_HZ)
    assert not stream.has_room
