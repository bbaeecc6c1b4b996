"""The run: slices of the same closed loop, one after the other, each reduced to a line of figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmarks.load.corpus import Sentence
from benchmarks.load.runner import LoadResult, run_load
from benchmarks.load.settings import LoadSettings, Pace
from benchmarks.load.summary import summarise
from benchmarks.soak.memory import replicas_mib


@dataclass(frozen=True)
class Slice:
    """One stretch of the run.

    Attributes:
        at_s: when it ended, from the start of the run.
        errors: how many requests failed, by code.
        first_audio_p50_s, first_audio_p95_s: of the listeners in it.
        audio_s_per_s: audio received by all, per second of it.
        hung_up: listeners that left in mid-speech, on purpose.
        replicas_mib: resident memory at its end, by process id.
    """

    at_s: float
    errors: dict[str, int]
    first_audio_p50_s: float | None
    first_audio_p95_s: float | None
    audio_s_per_s: float
    hung_up: int
    replicas_mib: dict[int, float]

    def describe(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


async def soak(
    settings: LoadSettings,
    sentences: Sequence[Sentence],
    minutes: float,
    tell: Callable[[Slice], None],
) -> list[Slice]:
    """Repeat `settings` with a seed of its own each time until `minutes` are over.

    Args:
        settings: a closed loop; `seed` is where the seeds of the slices begin.
        tell: called with every slice once it is over.

    Returns:
        The slices; fewer than the minutes hold if the run was interrupted.
    """
    began_s = time.monotonic()
    slices: list[Slice] = []
    while time.monotonic() - began_s < minutes * 60:
        result = await run_load(replace(settings, seed=settings.seed + len(slices)), sentences)
        if result.interrupted:
            break
        slices.append(_reduce(result, settings.pace, time.monotonic() - began_s))
        tell(slices[-1])
    return slices


async def room_left(settings: LoadSettings, sentences: Sequence[Sentence], slots: int) -> int:
    """Ask for as many streams at once as there are slots; return how many were served."""
    burst = replace(settings, pace=Pace(burst=slots, rounds=1))
    result = await run_load(burst, sentences)
    return sum(record.code is None for record in result.records)


def _reduce(result: LoadResult, pace: Pace, at_s: float) -> Slice:
    summary = summarise(
        result.records, pace=pace, num_planned=result.num_planned, wall_s=result.wall_s, preroll_s=0.0
    )
    first = summary.first_audio_s
    return Slice(
        at_s=round(at_s, 1),
        errors=summary.errors,
        first_audio_p50_s=None if first is None else round(first.p50, 3),
        first_audio_p95_s=None if first is None else round(first.p95, 3),
        audio_s_per_s=round(summary.audio_s_per_s, 2),
        hung_up=summary.acted.get("hangup", 0),
        replicas_mib=replicas_mib(),
    )
