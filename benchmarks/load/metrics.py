"""The figures worth a line, in one order, for the terminal, the comparison and the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Metric:
    """One figure of a document: where it lies, how it is shown, and which way is better."""

    label: str
    path: str
    unit: str = ""
    scale: float = 1.0
    digits: int = 0
    better: Better | None = "lower"

    def value(self, document: dict[str, Any]) -> float | None:
        """Return the figure in its unit, None where it was not measured."""
        found: Any = document
        for name in self.path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return None if found is None else float(found) * self.scale

    def show(self, value: float | None) -> str:
        """Return the figure as text, with its unit."""
        if value is None:
            return "–"
        digits = 1 if self.unit == "ms" and abs(value) < 10 else self.digits
        return f"{value:,.{digits}f} {self.unit}".rstrip()


def _ms(label: str, path: str, better: Better = "lower") -> Metric:
    return Metric(label, path, "ms", 1e3, 0, better)


METRICS = (
    _ms("TTFA p50", "summary.ttfa_s.p50"),
    _ms("TTFA p95", "summary.ttfa_s.p95"),
    _ms("TTFA p99", "summary.ttfa_s.p99"),
    _ms("TTFA max", "summary.ttfa_s.max"),
    _ms("first audio p50", "summary.first_audio_s.p50"),
    _ms("first audio p95", "summary.first_audio_s.p95"),
    _ms("first byte p50", "summary.first_byte_s.p50"),
    Metric("underruns", "summary.underruns.total"),
    Metric("listeners that ran dry", "summary.underruns.listeners"),
    Metric("stalled in total", "summary.underruns.stalled_s", "s", digits=2),
    _ms("lowest headroom", "summary.lowest_headroom_s.min", "higher"),
    _ms("longest gap p95", "summary.longest_gap_s.p95"),
    _ms("longest gap", "summary.longest_gap_s.max"),
    Metric("RTF p50", "summary.rtf.p50", digits=3),
    Metric("RTF p95", "summary.rtf.p95", digits=3),
    Metric("audio per second", "summary.audio_s_per_s", "s/s", digits=2, better="higher"),
    Metric("requests offered", "summary.offered_per_s", "/s", digits=2, better=None),
    Metric("requests achieved", "summary.achieved_per_s", "/s", digits=2, better="higher"),
    Metric("requests sent", "summary.num_sent", better=None),
    Metric("errors", "summary.num_failed"),
    Metric("truncated", "summary.num_truncated"),
)

OWN_METRICS = (
    Metric("event-loop lag p50", "generator.loop_lag_s.p50", "ms", 1e3, 1),
    Metric("event-loop lag p99", "generator.loop_lag_s.p99", "ms", 1e3, 1),
    Metric("event-loop lag max", "generator.loop_lag_s.max", "ms", 1e3, 1),
    Metric("send lateness p50", "generator.send_lateness_s.p50", "ms", 1e3, 1),
    Metric("send lateness p99", "generator.send_lateness_s.p99", "ms", 1e3, 1),
    Metric("send lateness max", "generator.send_lateness_s.max", "ms", 1e3, 1),
    Metric("CPU, share of a core", "generator.cpu_share", "%", 100.0, 0),
)
