"""The report: a table in Markdown, in which each run replaces its own line."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from pathlib import Path

import psutil

from benchmarks.chaos.scenario import Outcome

COLUMNS = (
    "scenario",
    "what was done",
    "streams",
    "complete",
    "bytes differ",
    "errors",
    "longest silence",
    "before it",
    "3 s ahead, ran dry",
    "first audio",
    "beside",
    "command",
)
_INTRODUCTION = """# What listeners notice when something goes

Measured by `python -m benchmarks.chaos`, which starts each server, harms it, and writes these lines; the
command of each is in its last column. Listeners play PCM at real time and ask again when they are through.
Half of them live from hand to mouth: {edge} s in hand, a small socket buffer, and straight from the ingress,
since between it and HAProxy on the same machine the kernel holds up to a minute of audio. Half come through
the proxy and keep {ahead} s ahead. When the harm is over, all take the rest as fast as it comes.

Streams are those that were open when it happened or began later. "Bytes differ" counts answers that aren't,
byte for byte, what the same request gives alone (for those that broke off: don't begin so), "of them short"
answers that ended cleanly and too early. "Longest silence" is in mid-speech, of anyone; "before it" the same
on the same machine in the {calm} s before the harm. "3 s ahead" counts listeners with that much in hand at a
moment of harm, and how many of them ran dry within 15 s.

"""


def write(path: Path, outcomes: Iterable[Outcome], command: str) -> None:
    """Put the lines of these outcomes into a report; others stay."""
    from benchmarks.chaos.listener import AHEAD_S, EDGE_S
    from benchmarks.chaos.scenario import CALM_S

    lines = _rows(path.read_text("utf-8")) if path.exists() else {}
    lines |= {outcome.name: row(outcome, command) for outcome in outcomes}
    head = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    text = _INTRODUCTION.format(edge=f"{EDGE_S:g}", ahead=f"{AHEAD_S:g}", calm=f"{CALM_S:g}")
    path.write_text(text + "\n".join([*head, *lines.values()]) + "\n", "utf-8")


def row(outcome: Outcome, command: str) -> str:
    """Return the outcome's line."""
    cells = [*figures(outcome).values(), f"`{command}` ({machine()})"]
    return f"| {' | '.join(cells)} |"


def figures(outcome: Outcome) -> dict[str, str]:
    """Return what is shown, by column."""
    seen = outcome.noticed
    errors = ", ".join(f"{number} {code}" for code, number in sorted(seen.errors.items())) or "none"
    short = f", {seen.clean_but_short} of them short" if seen.clean_but_short else ""
    values = (
        outcome.name,
        outcome.did,
        str(seen.streams),
        str(seen.completed),
        f"{seen.differing}{short}",
        errors,
        f"{seen.silence_s:.2f} s",
        f"{seen.calm_silence_s:.2f} s",
        f"{seen.ahead}, {seen.ahead_ran_dry}",
        f"{seen.first_audio_s:.1f} s",
        "; ".join(outcome.notes),
    )
    return dict(zip(COLUMNS, values, strict=False))


def machine() -> str:
    """Say on what it was measured, and whether it had time."""
    return (
        f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[1]:.1f}, Python {platform.python_version()}"
    )


def _rows(text: str) -> dict[str, str]:
    """Return the lines of a report by their first cell."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return {line.split("|")[1].strip(): line for line in lines[1:]}
