"""Bursts, round by round: what listeners that arrive together do to each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from benchmarks.load.record import RequestRecord
from benchmarks.load.summary import Distribution, Underruns, count_underruns, distribution, play


@dataclass(frozen=True)
class Round:
    """One burst, from the arrival of all to the end of the last.

    Attributes:
        audio_s_per_s: audio received by all listeners over the round's own time.
        first_audio_s: from the common arrival to each listener's first sample.
    """

    num_sent: int
    num_failed: int
    wall_s: float
    audio_s: float
    audio_s_per_s: float
    first_audio_s: Distribution | None
    underruns: Underruns


def summarise_rounds(records: Sequence[RequestRecord], burst: int | None, preroll_s: float) -> list[Round]:
    """Return the rounds of a run in bursts, in order; nothing for any other run."""
    if burst is None:
        return []
    ordered = sorted(records, key=lambda record: record.index)
    by_round = groupby(ordered, key=lambda record: record.index // burst)
    return [_summarise(list(members), preroll_s) for _, members in by_round]


def _summarise(records: Sequence[RequestRecord], preroll_s: float) -> Round:
    heard = [record for record in records if record.is_listener]
    wall_s = max(record.wall_s or 0.0 for record in records)
    audio_s = math.fsum(record.audio_s for record in records)
    return Round(
        num_sent=len(records),
        num_failed=sum(record.code is not None for record in records),
        wall_s=wall_s,
        audio_s=audio_s,
        audio_s_per_s=audio_s / wall_s if wall_s else 0.0,
        first_audio_s=distribution(record.first_audio_latency_s for record in heard),
        underruns=count_underruns([played for record in heard if (played := play(record, preroll_s))]),
    )
