"""A stream that goes on where fewer listen: every sample is heard once, whatever comes in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments import elsewhere
from deployments.elsewhere import Open
from deployments.failover import ResilientSpeech
from tests.unit.deployments.test_failover import REQUEST, WHOLE, Replica, Replicas, heard
from tts_core.engine.chunks import AudioChunk
from tts_core.errors import Overloaded, StreamInterrupted
from tts_core.request import SynthesisRequest

IDLE = "idle"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "_FIRST_WAIT_S", 0.001)


async def speech_over(*outcomes: Replica | Overloaded, open_once: Open | None = None) -> ResilientSpeech:
    present = Replica(100)
    return ResilientSpeech(open_once or Replicas(*outcomes).open, REQUEST, present)


async def heard_with_moves(speech: ResilientSpeech, after_samples: list[int]) -> tuple[bytes, list[bool]]:
    """Listen, with a move when so many samples were heard."""
    pcm, moves, due = b"", list[asyncio.Task[bool]](), sorted(after_samples)
    async for chunk in speech.chunks():
        assert chunk.start_sample * 2 == len(pcm)
        pcm += chunk.pcm
        speech.acknowledge(len(pcm) // 2)
        while due and len(pcm) // 2 >= due[0]:
            due.pop(0)
            moves.append(asyncio.create_task(speech.move(lambda _: True)))
            await asyncio.sleep(0)
    return pcm, [await move for move in moves]


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 900), min_size=1, max_size=3),
    places=st.lists(st.integers(1, 2400), min_size=1, max_size=3),
)
def test_wherever_a_stream_moves_its_listener_gets_every_sample_once(
    sizes: list[int], places: list[int]
) -> None:
    others = [Replica(size, replica=f"other {number}") for number, size in enumerate([*sizes, *sizes, 50])]

    async def listen() -> tuple[bytes, list[bool]]:
        return await heard_with_moves(await speech_over(*others), places)

    pcm, _ = asyncio.run(listen())
    assert pcm == WHOLE


async def test_a_stream_moves_while_the_old_replica_speaks_on() -> None:
    other = Replica(50, replica=IDLE)
    speech = await speech_over(other)
    present = speech._speech
    pcm, moved = await heard_with_moves(speech, [300])
    assert pcm == WHOLE
    assert moved == [True]
    assert speech.replica == IDLE
    assert isinstance(present, Replica)
    assert present.is_closed
    assert other.acknowledged > 0


class Slow(Replica):
    """One that begins, and is busy with others from then on."""

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        chunks = super().chunks()
        yield await anext(chunks)
        await asyncio.sleep(60)


async def test_a_stream_does_not_wait_for_the_replica_that_it_leaves() -> None:
    async def open_once(request: SynthesisRequest) -> Replica:
        await asyncio.sleep(0.01)
        return Replica(replica=IDLE, first_segment=request.first_segment)

    speech = ResilientSpeech(open_once, REQUEST, Slow(100))
    with anyio.fail_after(5):
        assert await heard_with_moves(speech, [100]) == (WHOLE, [True])


@pytest.mark.parametrize(
    "outcome", [Replica(fingerprint="another voice"), Overloaded("full"), StreamInterrupted("it died")]
)
async def test_a_stream_stays_where_no_other_would_say_the_same(outcome: Replica | Overloaded) -> None:
    speech = await speech_over(outcome)
    assert await heard_with_moves(speech, [300]) == (WHOLE, [False])
    assert not isinstance(outcome, Replica) or outcome.is_closed


async def test_a_stream_stays_where_the_other_is_no_better() -> None:
    other = Replica(replica="as busy")
    speech = await speech_over(other)
    move = asyncio.create_task(speech.move(lambda replica: replica != "as busy"))
    assert await heard(speech) == WHOLE
    assert not await move
    assert other.is_closed


@pytest.mark.parametrize("fails_after", [None, 1000])
async def test_a_replica_that_opens_too_late_is_not_kept(fails_after: int | None) -> None:
    """The stream is over by then, or its replica is gone, and it went on elsewhere."""
    late, third = Replica(replica="late"), Replica(replica="third")
    may_open = asyncio.Event()
    openings = 0

    async def open_once(request: SynthesisRequest) -> Replica:
        nonlocal openings
        openings += 1
        chosen = third if openings > 1 else late
        chosen.first_segment = request.first_segment
        if chosen is late:
            await may_open.wait()
        return chosen

    speech = ResilientSpeech(open_once, REQUEST, Replica(100, fails_after))
    move = asyncio.create_task(speech.move(lambda _: True))
    await asyncio.sleep(0.01)
    assert await heard(speech) == WHOLE
    may_open.set()
    assert not await move
    assert late.is_closed


async def test_who_is_about_to_move_goes_there_if_the_old_replica_is_lost_meanwhile() -> None:
    """Nobody is asked again, and nobody put on trial."""

    class Dying(Replica):
        async def chunks(self) -> AsyncIterator[AudioChunk]:
            yield await anext(super().chunks())
            assert await speech.move(lambda _: True)
            raise StreamInterrupted("it died")

    replicas = Replicas(Replica(replica=IDLE))
    speech = ResilientSpeech(replicas.open, REQUEST, Dying(100))
    assert await heard(speech) == WHOLE
    assert len(replicas.requests) == 1
    assert speech.replica == IDLE


async def test_who_hangs_up_on_the_way_has_not_heard_the_end() -> None:
    other = Replica(replica=IDLE)
    speech = ResilientSpeech(Replicas(other).open, REQUEST, Slow(100))
    chunks = speech.chunks()
    await anext(chunks)
    waiting = asyncio.ensure_future(anext(chunks))
    await asyncio.sleep(0.01)
    assert await speech.move(lambda _: True)
    speech.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert other.is_closed


async def test_who_has_not_begun_to_play_is_not_dry() -> None:
    speech = await speech_over()
    assert not speech.is_dry(time.monotonic())
    chunks = speech.chunks()
    chunk = await anext(chunks)
    assert not speech.is_dry(time.monotonic())  # something waits for delivery
    speech.acknowledge(chunk.num_samples)
    assert speech.is_dry(time.monotonic() + 1.0)
    chunk = await anext(chunks)
    speech.acknowledge(chunk.start_sample + chunk.num_samples)
    assert not speech.is_dry(time.monotonic())
    assert speech.is_dry(time.monotonic() + chunk.num_samples / 32000 + 0.01)
