"""The figures of a run, computed from its records and from nothing else."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.load.playback import Playback, simulate
from benchmarks.load.record import RequestRecord
from benchmarks.load.settings import Pace


@dataclass(frozen=True)
class Distribution:
    """Percentiles by nearest rank: each is a value that was measured, so a small sample hides nothing."""

    count: int
    min: float
    mean: float
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True)
class Underruns:
    """`listeners` of `played` ran dry, `total` times, and waited `stalled_s` seconds in all."""

    played: int
    listeners: int
    total: int
    stalled_s: float
    longest_s: float


@dataclass(frozen=True)
class Summary:
    """One run. Distributions are None when nothing was measured; chaos clients count in the totals only.

    Attributes:
        num_planned: requests laid out; fewer were sent if the run was interrupted.
        num_ok: sent and without an error.
        acted: chaos clients that played out their role, by role.
        offered_per_s: planned arrivals over the planned duration; None in a closed loop.
        achieved_per_s: successes over the whole run, the last listener's end included.
        audio_s_per_s: audio received by all, over the same time.
        ttfa_s, first_audio_s, first_byte_s: from the scheduled arrival. TTFA waits for an audible sample;
            first audio takes the first one, so that weights which say nothing have one too.
        rtf: wall time from the scheduled arrival over audio time, successes only.
        longest_gap_s, lowest_headroom_s: one value per listener.
    """

    num_planned: int
    num_sent: int
    num_ok: int
    num_failed: int
    num_truncated: int
    acted: dict[str, int]
    errors: dict[str, int]
    wall_s: float
    offered_per_s: float | None
    achieved_per_s: float
    audio_s: float
    audio_s_per_s: float
    ttfa_s: Distribution | None
    first_audio_s: Distribution | None
    first_byte_s: Distribution | None
    underruns: Underruns
    longest_gap_s: Distribution | None
    lowest_headroom_s: Distribution | None
    rtf: Distribution | None


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value, of some in any order, that a share of them all don't exceed: by nearest rank.

    Raises:
        IndexError: there are no values.
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def distribution(values: Iterable[float | None]) -> Distribution | None:
    """Return the distribution of the values that are there, None if none is."""
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    mean = math.fsum(ordered) / len(ordered)
    p50, p95, p99 = (percentile(ordered, share) for share in (0.5, 0.95, 0.99))
    return Distribution(len(ordered), ordered[0], mean, p50, p95, p99, ordered[-1])


def play(record: RequestRecord, preroll_s: float) -> Playback | None:
    """Play a record to a real-time listener. A stream that was cut leaves the listener waiting to its end."""
    broken_at_s = record.end_s if record.truncated else None
    return simulate(record.timeline(), preroll_s=preroll_s, broken_at_s=broken_at_s)


def summarise(
    records: Sequence[RequestRecord], *, pace: Pace, num_planned: int, wall_s: float, preroll_s: float
) -> Summary:
    """Reduce the records of a run to its figures."""
    heard = [record for record in records if record.is_listener]
    playbacks = [played for record in heard if (played := play(record, preroll_s)) is not None]
    errors = Counter(record.code for record in records if record.code is not None)
    num_ok = len(records) - errors.total()
    audio_s = math.fsum(record.audio_s for record in records)
    return Summary(
        num_planned=num_planned,
        num_sent=len(records),
        num_ok=num_ok,
        num_failed=errors.total(),
        num_truncated=sum(record.truncated for record in records),
        acted=dict(Counter(record.role for record in records if record.acted)),
        errors=dict(errors.most_common()),
        wall_s=wall_s,
        offered_per_s=num_planned / pace.duration_s if pace.duration_s else None,
        achieved_per_s=num_ok / wall_s if wall_s else 0.0,
        audio_s=audio_s,
        audio_s_per_s=audio_s / wall_s if wall_s else 0.0,
        ttfa_s=distribution(record.ttfa_s for record in heard),
        first_audio_s=distribution(record.first_audio_latency_s for record in heard),
        first_byte_s=distribution(record.first_byte_latency_s for record in heard),
        underruns=count_underruns(playbacks),
        longest_gap_s=distribution(record.longest_gap_s for record in heard),
        lowest_headroom_s=distribution(played.lowest_headroom_s for played in playbacks),
        rtf=distribution(record.rtf for record in heard),
    )


def count_underruns(playbacks: Sequence[Playback]) -> Underruns:
    """Add up what the listeners had to wait for in mid-speech."""
    stalls = [stall for played in playbacks for stall in played.stalls]
    return Underruns(
        played=len(playbacks),
        listeners=sum(bool(played.stalls) for played in playbacks),
        total=len(stalls),
        stalled_s=math.fsum(stall.for_s for stall in stalls),
        longest_s=max((stall.for_s for stall in stalls), default=0.0),
    )
