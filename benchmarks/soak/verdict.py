"""What a soak shows: its beginning held against its end."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.soak.run import Slice

_SHARE = 3  # the first and the last third are compared


def verdict(slices: Sequence[Slice], slots: int, served: int) -> dict[str, Any]:
    """Return the figures of the bars.

    Args:
        slices: of the whole run; the first one warms up and doesn't count.
        slots: streams that the server has room for.
        served: how many streams at once it served afterwards.

    Raises:
        ValueError: the run is too short for two ends: fewer than four slices.
    """
    counted = slices[1:]
    third = len(counted) // _SHARE
    if third == 0:
        raise ValueError(f"{len(slices)} slices are too few to compare a beginning with an end: 4 at least")
    first, last = counted[:third], counted[-third:]
    return {
        "slices": len(slices),
        "memory growth by replica": _growth(first, last),
        "first audio p95, first third": _median(first),
        "first audio p95, last third": _median(last),
        "errors": sum(sum(slice_.errors.values()) for slice_ in slices),
        "hung up": sum(slice_.hung_up for slice_ in slices),
        "slots": slots,
        "streams served at once afterwards": served,
    }


def _growth(first: Sequence[Slice], last: Sequence[Slice]) -> dict[int, float | None]:
    """Return by how much each median grew, as a share; None for a replica that isn't in both."""
    pids = {pid for slice_ in (*first, *last) for pid in slice_.replicas_mib}
    return {pid: _replica_growth(pid, first, last) for pid in sorted(pids)}


def _replica_growth(pid: int, first: Sequence[Slice], last: Sequence[Slice]) -> float | None:
    if not all(pid in slice_.replicas_mib for slice_ in (*first, *last)):
        return None
    before, after = (statistics.median(part.replicas_mib[pid] for part in parts) for parts in (first, last))
    return round(after / before - 1, 4)


def _median(slices: Sequence[Slice]) -> float | None:
    values = [slice_.first_audio_p95_s for slice_ in slices if slice_.first_audio_p95_s is not None]
    return round(statistics.median(values), 3) if values else None
