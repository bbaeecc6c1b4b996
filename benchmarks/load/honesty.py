"""Whether the generator was quick enough for its figures to be believed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.load.lag import OwnLoad
from benchmarks.load.record import RequestRecord
from benchmarks.load.summary import Distribution, Summary, distribution

# One thread drives all listeners: near a whole core, its own queue is what it measures.
_BUSIEST_CPU_SHARE = 0.9


@dataclass(frozen=True)
class GeneratorReport:
    """The generator's own lag, beside the figures it measured.

    Attributes:
        loop_lag_s: lateness of the event loop, sampled every 10 ms.
        send_lateness_s: sending after the scheduled arrival.
        cpu_share: of one core, over the run.
        lag_share: the share of a measured figure that the lag may reach before it is a warning.
        warnings: why some figures are partly the generator's own; empty for a clean run.
    """

    loop_lag_s: Distribution | None
    send_lateness_s: Distribution | None
    cpu_share: float
    lag_share: float
    warnings: list[str]
    generator_lagging: bool


def judge_generator(
    own_load: OwnLoad, records: Sequence[RequestRecord], summary: Summary, lag_share: float
) -> GeneratorReport:
    """Compare the generator's lag with what it measured."""
    lag = distribution(own_load.lags_s)
    lateness = distribution(record.lateness_s for record in records)
    warnings = list(_lag_warnings(lag, lateness, summary, lag_share))
    if own_load.cpu_share > _BUSIEST_CPU_SHARE:
        warnings.append(
            f"the generator took {own_load.cpu_share:.0%} of a core: lower the load or share it out"
        )
    return GeneratorReport(lag, lateness, own_load.cpu_share, lag_share, warnings, bool(warnings))


def _lag_warnings(
    lag: Distribution | None, lateness: Distribution | None, summary: Summary, share: float
) -> Iterator[str]:
    ttfa_s = summary.ttfa_s.p50 if summary.ttfa_s else None
    stalls = summary.underruns
    stall_s = stalls.stalled_s / stalls.total if stalls.total else None
    comparisons = (
        ("event-loop lag", lag, "median TTFA", ttfa_s),
        ("send lateness", lateness, "median TTFA", ttfa_s),
        ("event-loop lag", lag, "mean underrun", stall_s),
    )
    for own_name, own, name, measured_s in comparisons:
        if own is not None and measured_s is not None and own.p99 > share * measured_s:
            yield (
                f"{own_name} p99 is {own.p99 * 1e3:.1f} ms, over {share:.0%} of the {name} "
                f"({measured_s * 1e3:.1f} ms)"
            )
