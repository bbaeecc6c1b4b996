"""Figures that an engine gives about itself, for admission, autoscaling and monitoring."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

STEP_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@dataclass(frozen=True, kw_only=True)
class StageStats:
    """What one kind of step took, since start-up.

    Attributes:
        num_rows: sequences that took part, each counted in every step.
        busy_s: seconds of computing.
        counts: steps by how long they took: up to each of `STEP_BOUNDS_S`, and longer.
    """

    num_rows: int = 0
    busy_s: float = 0.0
    counts: tuple[int, ...] = (0,) * (len(STEP_BOUNDS_S) + 1)

    @property
    def num_steps(self) -> int:
        return sum(self.counts)

    def __add__(self, other: StageStats) -> StageStats:
        counts = tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return StageStats(
            num_rows=self.num_rows + other.num_rows, busy_s=self.busy_s + other.busy_s, counts=counts
        )


class StageTally:
    """Counts steps as they are done. One thread adds; others may look at any time."""

    def __init__(self) -> None:
        self._num_rows = 0
        self._busy_s = 0.0
        self._counts = [0] * (len(STEP_BOUNDS_S) + 1)

    def add(self, took_s: float, num_rows: int) -> None:
        """Count a step."""
        self._num_rows += num_rows
        self._busy_s += took_s
        self._counts[bisect.bisect_left(STEP_BOUNDS_S, took_s)] += 1

    def stats(self) -> StageStats:
        """Return a snapshot."""
        return StageStats(num_rows=self._num_rows, busy_s=self._busy_s, counts=tuple(self._counts))


@dataclass(frozen=True, kw_only=True)
class GuardStats:
    """What became of segments that were watched for lost, repeated and runaway speech, since start-up.

    Attributes:
        num_segments: those whose tokens are complete.
        num_lost: takes that ended before their words could have been said.
        num_loops: takes that said the same again and again.
        num_runaways: takes that didn't end.
        num_retries: how many of these takes were dropped, and followed by another one.
        num_kept: segments that were spoken though something was wrong with every take, or with one of which
            audio may have left.
    """

    num_segments: int = 0
    num_lost: int = 0
    num_loops: int = 0
    num_runaways: int = 0
    num_retries: int = 0
    num_kept: int = 0

    def __add__(self, other: GuardStats) -> GuardStats:
        return GuardStats(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        )


@dataclass(frozen=True, kw_only=True)
class EngineStats:
    """A snapshot.

    Attributes:
        num_slots: streams that are served at once.
        num_open: streams that are open now: more than slots where those that have stalled lend theirs.
        num_paused: open streams that wait for their listener to take audio.
        num_finished: streams that came to their natural end since start-up.
        num_aborted: streams that ended before it.
        audio_s: seconds of audio produced since start-up.
        load: part of what can be computed in real time that the open streams need; 0 where the engine doesn't
            know what its steps take.
        guards: see there.
        stages: steps by their kind, where the engine works in steps.
    """

    num_slots: int = 0
    num_open: int = 0
    num_paused: int = 0
    num_finished: int = 0
    num_aborted: int = 0
    audio_s: float = 0.0
    load: float = 0.0
    guards: GuardStats = field(default_factory=GuardStats)
    stages: Mapping[str, StageStats] = field(default_factory=dict)

    def __add__(self, other: EngineStats) -> EngineStats:
        names = dict.fromkeys((*self.stages, *other.stages))
        both = {
            name: self.stages.get(name, StageStats()) + other.stages.get(name, StageStats()) for name in names
        }
        numbers = [one.name for one in fields(self) if one.name != "stages"]
        return EngineStats(
            **{name: getattr(self, name) + getattr(other, name) for name in numbers}, stages=both
        )
