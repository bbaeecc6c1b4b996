"""Thresholds for continuous integration. What was not measured does not pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Thresholds:
    """What a run must keep to. `max_errors` 0 means none."""

    max_errors: int | None = None
    ttfa_p95_ms: float | None = None
    no_underrun: bool = False


def find_misses(document: dict[str, Any], thresholds: Thresholds) -> list[str]:
    """Return a sentence for every threshold that the run missed."""
    summary, misses = document["summary"], []
    if thresholds.max_errors is not None and summary["num_failed"] > thresholds.max_errors:
        codes = ", ".join(f"{count} x {code}" for code, count in summary["errors"].items())
        misses.append(f"{summary['num_failed']} errors, at most {thresholds.max_errors} allowed: {codes}")
    if thresholds.ttfa_p95_ms is not None:
        ttfa = summary["ttfa_s"]
        if ttfa is None:
            misses.append("TTFA p95 was not measured: nothing audible arrived")
        elif ttfa["p95"] * 1e3 > thresholds.ttfa_p95_ms:
            misses.append(f"TTFA p95 is {ttfa['p95'] * 1e3:.0f} ms, over {thresholds.ttfa_p95_ms:g} ms")
    if thresholds.no_underrun:
        misses += _underrun_misses(summary["underruns"])
    return misses


def _underrun_misses(underruns: dict[str, Any]) -> list[str]:
    if not underruns["played"]:
        return ["underruns were not measured: nothing was played"]
    if not underruns["total"]:
        return []
    return [
        f"{underruns['total']} underruns of {underruns['listeners']} listeners, "
        f"{underruns['stalled_s']:.2f} s in total"
    ]
