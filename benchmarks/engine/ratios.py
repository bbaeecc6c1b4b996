"""Two engines that were visited in turn, compared pair by pair."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.engine.crowd import Visit


@dataclass(frozen=True)
class Spread:
    """A figure over rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Ratios:
    """What the first engine costs in terms of the second: above 1 it costs more.

    Attributes:
        wall: seconds for each second of audio, of pairs of visits one after the other.
        cpu: the same in seconds of CPU.
        step: of their decode steps.
        noise: of visits of the first engine among themselves, each to the one before: what a ratio of 1 may
            look like. None for a single round.
    """

    wall: Spread
    cpu: Spread
    step: Spread
    noise: Spread | None


def compare(first: Sequence[Visit], second: Sequence[Visit]) -> Ratios:
    """Return the ratios of visits in the order of their rounds."""
    pairs = list(zip(first, second, strict=True))
    following = list(itertools.pairwise(first))
    return Ratios(
        wall=Spread.of([two.audio_s_per_s / one.audio_s_per_s for one, two in pairs]),
        cpu=Spread.of([one.cpu_s_per_audio_s / two.cpu_s_per_audio_s for one, two in pairs]),
        step=Spread.of([one.step_s / two.step_s for one, two in pairs]),
        noise=Spread.of([two.audio_s_per_s / one.audio_s_per_s for one, two in following])
        if following
        else None,
    )
