"""A listener never notices that the replica behind their speech has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments import elsewhere, failover
from deployments.failover import ResilientSpeech, open_resilient
from deployments.pulse import InHand
from deployments.trials import MAX_STRIKES
from tts_core.engine.chunks import AudioChunk, SegmentMark
from tts_core.errors import (
    EnginePoisoned,
    EngineStopped,
    Overloaded,
    PolyvoxError,
    SegmentFailed,
    SpeechChanged,
    StreamInterrupted,
    UnknownVoice,
)
from tts_core.request import Segment, SynthesisRequest

SEGMENT_SAMPLES = (700, 1300, 400)
STARTS = (0, 700, 2000)
NUM_DROPPED = (3, 5, 7)
CODES = ((1, 2), (3,), ())
WHOLE = bytes(index % 251 for index in range(2 * sum(SEGMENT_SAMPLES)))
REQUEST = SynthesisRequest(request_id="r", model="m", voice="v", segments=(Segment(0, "text"),))

FAILURES = st.lists(st.tuples(st.integers(1, 900), st.integers(0, 2400)), max_size=2)
"""Of replicas one after the other: how large their chunks are, and after how many samples each is gone."""


@dataclass
class Replica:
    """Speaks from a segment on, in chunks of a size, and fails after a number of samples of its own.

    Whole windows of what its listener has are left out, where it has windows.
    """

    chunk_samples: int = 250
    fails_after: int | None = None
    error: PolyvoxError = field(default_factory=lambda: StreamInterrupted("it died"))
    sample_rate_hz: int = 32000
    num_dropped: int = 0
    fingerprint: str = "one voice"
    replica: str = "one"
    first_segment: int = 0
    window: int | None = None
    num_left_out: int = 0
    acknowledged: int = 0
    is_closed: bool = False

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        base, position = STARTS[self.first_segment], self.num_left_out
        total = len(WHOLE) // 2 - base
        end = total if self.fails_after is None else min(self.fails_after, total)
        while position < end:
            size = min(self.chunk_samples, end - position)
            first = base + position
            marks = tuple(
                SegmentMark(
                    segment, start - base, sum(NUM_DROPPED[self.first_segment : segment]), CODES[segment]
                )
                for segment, start in enumerate(STARTS)
                if first <= start < first + size or (start == base and position == self.num_left_out)
            )
            yield AudioChunk(WHOLE[2 * first : 2 * (first + size)], position, marks)
            position += size
            await asyncio.sleep(0)
        if self.fails_after is not None:
            raise self.error
        self.num_dropped = sum(NUM_DROPPED[self.first_segment :])

    def acknowledge(self, num_delivered: int) -> None:
        self.acknowledged = max(self.acknowledged, num_delivered)

    def close(self) -> None:
        self.is_closed = True


class Replicas:
    """What each opening comes to, in order: a replica, or an error."""

    def __init__(self, *outcomes: Replica | PolyvoxError) -> None:
        self.outcomes = list(outcomes)
        self.requests: list[SynthesisRequest] = []

    async def open(self, request: SynthesisRequest) -> Replica:
        self.requests.append(request)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, PolyvoxError):
            raise outcome
        outcome.first_segment = request.first_segment
        if request.returning is not None and outcome.window is not None:
            outcome.num_left_out = request.returning.num_known // outcome.window * outcome.window
        return outcome


@pytest.fixture(autouse=True)
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "_FIRST_WAIT_S", 0.001)


async def heard(speech: ResilientSpeech) -> bytes:
    """Listen, checking that no sample comes twice or is left out."""
    pcm = b""
    async for chunk in speech.chunks():
        assert chunk.start_sample * 2 == len(pcm)
        pcm += chunk.pcm
        speech.acknowledge(len(pcm) // 2)
    return pcm


async def resilient(replicas: Replicas) -> ResilientSpeech:
    speech = await open_resilient(replicas.open, REQUEST)
    assert isinstance(speech, ResilientSpeech)
    return speech


@settings(max_examples=60, deadline=None)
@given(failures=FAILURES, last_chunk=st.integers(1, 3000), window=st.none() | st.integers(1, 600))
def test_whatever_dies_wherever_the_listener_gets_every_sample_once(
    failures: list[tuple[int, int]], last_chunk: int, window: int | None
) -> None:
    replicas = [Replica(size, after, window=window) for size, after in failures]

    async def listen() -> tuple[bytes, int]:
        speech = await resilient(Replicas(*replicas, Replica(last_chunk, window=window)))
        return await heard(speech), speech.num_dropped

    assert asyncio.run(listen()) == (WHOLE, sum(NUM_DROPPED))


async def test_the_next_replica_begins_with_the_segment_that_was_being_heard() -> None:
    first, second = Replica(fails_after=1900), Replica()
    replicas = Replicas(first, second)
    assert await heard(await resilient(replicas)) == WHOLE
    assert [request.first_segment for request in replicas.requests] == [0, 1]
    assert len({request.request_id for request in replicas.requests}) == 2
    assert first.is_closed
    assert not second.is_closed
    assert second.acknowledged == len(WHOLE) // 2 - STARTS[1]


@pytest.mark.parametrize("error", [EnginePoisoned("fault"), EngineStopped("drained"), StreamInterrupted("x")])
async def test_every_way_to_be_gone_is_survived(error: PolyvoxError) -> None:
    replicas = Replicas(Replica(fails_after=800, error=error), Overloaded("full"), error, Replica())
    assert await heard(await resilient(replicas)) == WHOLE


async def test_what_a_replica_leaves_out_another_one_says() -> None:
    """A hole is no end, and would go unnoticed: what follows it looks like any other audio."""
    forgetful = Replica(250, num_left_out=30)
    assert await heard(await resilient(Replicas(forgetful, Replica()))) == WHOLE
    assert forgetful.is_closed


async def test_a_request_that_fails_by_itself_is_not_tried_again() -> None:
    replicas = Replicas(Replica(fails_after=800, error=SegmentFailed("NaN")), Replica())
    with pytest.raises(SegmentFailed):
        await heard(await resilient(replicas))
    assert len(replicas.requests) == 1


async def test_it_ends_with_the_error_when_nobody_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failover, "PATIENCE_S", 0.05)
    replicas = Replicas(Replica(fails_after=800), *[Overloaded("full")] * 1000)
    speech = await resilient(replicas)
    with pytest.raises(StreamInterrupted, match="it died"):
        await heard(speech)


async def test_a_request_that_ends_one_replica_after_the_other_is_given_up() -> None:
    """Each of them comes to the same place, and no further."""
    replicas = Replicas(Replica(fails_after=800), *[Replica(fails_after=100) for _ in range(9)])
    with pytest.raises(StreamInterrupted, match="it died"):
        await heard(await resilient(replicas))
    assert len(replicas.requests) == 1 + MAX_STRIKES


async def test_the_next_replica_is_told_what_the_listener_has() -> None:
    """Without time passing, all but the first delivery is in hand."""
    replicas = Replicas(Replica(fails_after=1900), Overloaded("full"), Replica())
    assert await heard(await resilient(replicas)) == WHOLE
    first, *others = [request.returning for request in replicas.requests]
    assert first is None
    for returning in others:
        assert returning is not None
        assert returning.num_known == 1900 - STARTS[1]
        assert 0 <= returning.in_hand_s <= (1900 - 250) / 32000


@pytest.mark.parametrize(
    ("fails_after", "codes"), [(600, CODES[0]), (700, CODES[0]), (1900, CODES[1]), (2100, ())]
)
async def test_the_next_replica_is_given_the_tokens_of_the_segment_that_is_being_heard(
    fails_after: int, codes: tuple[int, ...]
) -> None:
    replicas = Replicas(Replica(fails_after=fails_after), Replica(fails_after=0), Replica())
    assert await heard(await resilient(replicas)) == WHOLE
    told = [request.returning for request in replicas.requests]
    assert [one and one.codes for one in told] == [None, codes, codes]


async def test_a_suspect_is_served_before_those_who_are_dry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InHand, "seconds", lambda *_: 9.0)
    replicas = Replicas(Replica(fails_after=800), Replica(fails_after=10), Replica())
    assert await heard(await resilient(replicas)) == WHOLE
    told = [request.returning for request in replicas.requests]
    first, second = [one.in_hand_s for one in told if one is not None]
    assert first == 9.0
    assert second < -30.0


async def test_replicas_that_go_one_after_the_other_are_survived_while_each_adds_something() -> None:
    each_a_little_further = [Replica(fails_after=count) for count in (100, 200, 300, 400, 500, 600, 800)]
    replicas = Replicas(*each_a_little_further, Overloaded("full"), Replica())
    assert await heard(await resilient(replicas)) == WHOLE
    # One that is met again may still have the stream that left it.
    assert len({request.request_id for request in replicas.requests}) == len(replicas.requests)


async def test_two_voices_are_never_put_together() -> None:
    others = [Replica(fingerprint="another voice") for _ in range(elsewhere.MAX_FOREIGN)]
    speech = await resilient(Replicas(Replica(fails_after=800), *others, Replica()))
    with pytest.raises(SpeechChanged):
        await heard(speech)
    assert all(other.is_closed for other in others)


async def test_who_speaks_alike_is_looked_for_among_the_others() -> None:
    other = Replica(fingerprint="another voice")
    assert await heard(await resilient(Replicas(Replica(fails_after=800), other, Replica()))) == WHOLE
    assert other.is_closed


async def test_before_anything_was_heard_anybody_may_speak() -> None:
    replicas = Replicas(EngineStopped("drained"), Replica(fingerprint="another voice"))
    assert await heard(await resilient(replicas)) == WHOLE


async def test_segments_are_told_of_once_wherever_they_were_made() -> None:
    speech = await resilient(Replicas(Replica(fails_after=1900), Replica(fails_after=1300), Replica()))
    marks = [mark async for chunk in speech.chunks() for mark in chunk.marks]
    assert [(mark.segment, mark.start_sample) for mark in marks] == [(1, STARTS[1]), (2, STARTS[2])]
    assert [mark.num_dropped for mark in marks] == [3, 8]


async def test_before_the_first_audio_another_replica_is_asked_too() -> None:
    replicas = Replicas(EnginePoisoned("fault"), Replica())
    assert await heard(await resilient(replicas)) == WHOLE


@pytest.mark.parametrize("error", [Overloaded("full"), UnknownVoice("who?")])
async def test_a_refusal_is_passed_on_at_once(error: PolyvoxError) -> None:
    replicas = Replicas(error, Replica())
    with pytest.raises(type(error)):
        await resilient(replicas)
    assert len(replicas.requests) == 1


async def test_closing_while_it_moves_closes_what_it_moved_to() -> None:
    second = Replica()
    speech = await resilient(Replicas(Replica(fails_after=800), second))
    chunks = speech.chunks()
    for _ in range(4):
        await anext(chunks)
    moving = asyncio.ensure_future(anext(chunks))
    await asyncio.sleep(0)
    speech.close()
    await moving
    assert second.is_closed
