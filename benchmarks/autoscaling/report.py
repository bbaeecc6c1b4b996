"""Tables of what was simulated: for the terminal, for a Markdown page, and as JSON."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.autoscaling.sweep import Match, Result, match, matches, words_of
from deployments.autoscaling.policy import Settings

# Serve's parameters are target_ongoing_requests, then upscale_delay_s/downscale_delay_s/look_back_period_s.
HEADINGS = (
    "ours",
    "replica-hours",
    "underrun s",
    "waited s",
    "Serve's, no dearer",
    "underrun s",
    "waited s",
    "Serve's, no louder",
    "replica-hours",
)


def by_trace(results: Iterable[Result]) -> Iterator[tuple[str, list[Match]]]:
    """Yield each trace's name and its matches."""
    for name, group in itertools.groupby(results, key=lambda result: result.trace):
        yield name, list(matches(group))


def row(found: Match) -> tuple[str, ...]:
    """Return a match's cells, in the order of HEADINGS."""
    ours, cheap, quiet = found
    return (
        ours.words,
        f"{ours.outcome.replica_hours:.2f}",
        f"{ours.outcome.underrun_s:.0f}",
        f"{ours.outcome.waited_s:.0f}",
        cheap.words if cheap else "none",
        f"{cheap.outcome.underrun_s:.0f}" if cheap else "",
        f"{cheap.outcome.waited_s:.0f}" if cheap else "",
        quiet.words if quiet else "none",
        f"{quiet.outcome.replica_hours:.2f}" if quiet else "",
    )


def as_delivered(results: list[Result]) -> Iterator[tuple[str, Match]]:
    """Yield each trace's name, and the match of ours with the settings that it has unless told otherwise."""
    for result in results:
        if result.is_ours and result.words == words_of(Settings()):
            yield result.trace, match(result, results)


def print_tables(console: Console, results: list[Result]) -> None:
    """Print a table for each trace, after one of ours as delivered on all of them."""
    table = Table("trace", *HEADINGS, title="ours as delivered")
    for name, one in as_delivered(results):
        table.add_row(name, *row(one))
    console.print(table)
    for name, found in by_trace(results):
        table = Table(*HEADINGS, title=f"{name}: {found[0].ours.outcome.num_streams} listeners")
        for one in found:
            table.add_row(*row(one))
        console.print(table)


def markdown(results: list[Result]) -> str:
    """Return the same as Markdown."""
    lines = ["## As delivered", "", _line(("trace", *HEADINGS)), _line(["---"] * (len(HEADINGS) + 1))]
    lines += [*(_line((name, *row(one))) for name, one in as_delivered(results)), ""]
    for name, found in by_trace(results):
        lines += [f"## {name}: {found[0].ours.outcome.num_streams} listeners", ""]
        lines += [_line(HEADINGS), _line(["---"] * len(HEADINGS))]
        lines += [*(_line(row(one)) for one in found), ""]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def document(results: list[Result]) -> list[dict[str, Any]]:
    """Return everything, for JSON."""
    return [
        {
            "trace": result.trace,
            "policy": "headroom" if result.is_ours else "ongoing_requests",
            "parameters": result.words,
            **result.outcome._asdict(),
        }
        for result in results
    ]
