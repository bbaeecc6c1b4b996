"""What is said of words survives the replica that said it: every mark comes once, where it belongs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments import elsewhere
from deployments.failover import open_resilient
from tests.unit.deployments.test_failover import (
    FAILURES,
    REQUEST,
    SEGMENT_SAMPLES,
    STARTS,
    WHOLE,
    Replica,
    Replicas,
)
from tts_core.engine.chunks import AudioChunk
from tts_core.timing.marks import Cue, TextMark, Word, WordMark

PAUSE_SAMPLES = 100


def cues_of_whole() -> list[Cue]:
    """Return what a replica says that speaks everything: of each segment its words, two of them, its end."""
    cues: list[Cue] = []
    for segment, (start, size) in enumerate(zip(STARTS, SEGMENT_SAMPLES, strict=True)):
        first = 10 * segment
        cues.append(TextMark(start, (Word(first, first + 4, 100), Word(first + 5, first + 9, 100))))
        cues.append(WordMark(start, first))
        cues.append(WordMark(start + size // 2, first + 5))
        cues.append(TextMark(start + size - PAUSE_SAMPLES, ()))
    return cues


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "_FIRST_WAIT_S", 0.001)


class TimedReplica(Replica):
    """One that says when words begin."""

    fingerprint = "the same"

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        base = STARTS[self.first_segment]
        async for chunk in super().chunks():
            first = base + chunk.start_sample
            own = [cue for cue in cues_of_whole() if first <= cue.start_sample < first + chunk.num_samples]
            yield AudioChunk(
                chunk.pcm, chunk.start_sample, chunk.marks, tuple(_moved(cue, -base) for cue in own)
            )


def _moved(cue: Cue, by: int) -> Cue:
    if isinstance(cue, TextMark):
        return TextMark(cue.start_sample + by, cue.words)
    return WordMark(cue.start_sample + by, cue.position)


@settings(max_examples=80, deadline=None)
@given(failures=FAILURES, last_chunk=st.integers(1, 3000))
def test_whatever_dies_wherever_every_mark_comes_once_with_its_sample(
    failures: list[tuple[int, int]], last_chunk: int
) -> None:
    replicas = [TimedReplica(size, after) for size, after in failures]

    async def listen() -> list[AudioChunk]:
        speech = await open_resilient(Replicas(*replicas, TimedReplica(last_chunk)).open, REQUEST)
        return [chunk async for chunk in speech.chunks()]

    chunks = asyncio.run(listen())
    assert b"".join(chunk.pcm for chunk in chunks) == WHOLE
    assert [cue for chunk in chunks for cue in chunk.cues] == cues_of_whole()
    for chunk in chunks:
        inside = range(chunk.start_sample, chunk.start_sample + chunk.num_samples)
        assert all(cue.start_sample in inside for cue in chunk.cues)
