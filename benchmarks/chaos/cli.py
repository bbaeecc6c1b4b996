"""`python -m benchmarks.chaos SCENARIO...`: harm servers of its own, and say what listeners noticed.

Exit codes: 0 no byte differed, nothing ended early; 1 something did; 2 a scenario could not be run.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.chaos import report
from benchmarks.chaos.scenario import Options, Outcome
from benchmarks.chaos.scenarios import SCENARIOS

_DIFFERENT, _CANNOT_RUN = 1, 2


def main() -> None:
    """Run the command line."""
    typer.run(chaos)


def chaos(
    names: Annotated[list[str], typer.Argument(help=f"all, or some of: {', '.join(SCENARIOS)}.")],
    streams: Annotated[int, typer.Option(help="Listeners at once.")] = 12,
    model: Annotated[str, typer.Option(help="formant, or neural: a small GPT-SoVITS model.")] = "formant",
    every: Annotated[float, typer.Option(help="Seconds between harm that is repeated.")] = 5.0,
    seconds: Annotated[float, typer.Option(help="How long it is repeated.")] = 120.0,
    write: Annotated[Path | None, typer.Option(help="Write the lines into this report.")] = None,
) -> None:
    """Kill, stop, fill and damage, while listeners play."""
    console = Console()
    options = Options(streams, model, every, seconds)
    unknown = [name for name in names if name not in SCENARIOS and name != "all"]
    if unknown or model not in ("formant", "neural"):
        console.print(f"unknown: {', '.join(unknown) or model}", style="red")
        raise typer.Exit(_CANNOT_RUN)
    codes = [_run(console, name, options, write) for name in (SCENARIOS if "all" in names else names)]
    raise typer.Exit(max(codes))


def _run(console: Console, name: str, options: Options, write: Path | None) -> int:
    """Run a scenario, and return what it means for the exit code."""
    with console.status(f"{name}: {SCENARIOS[name].__doc__}"):
        try:
            outcomes = SCENARIOS[name](options)
        except (OSError, RuntimeError) as error:
            console.print(f"{name} can't be run: {error}", style="red", markup=False)
            return _CANNOT_RUN
    if write is not None:
        report.write(write, outcomes, _command())
    _print(console, outcomes)
    return _DIFFERENT if any(map(_is_wrong, outcomes)) else 0


def _is_wrong(outcome: Outcome) -> bool:
    return bool(outcome.noticed.differing or outcome.noticed.clean_but_short)


def _command() -> str:
    """Return what was typed, less where the report goes."""
    words = sys.argv[1:]
    if "--write" in words:
        place = words.index("--write")
        del words[place : place + 2]
    return f"python -m benchmarks.chaos {shlex.join(words)}"


def _print(console: Console, outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        table = Table(title=outcome.name, show_header=False)
        for column, value in report.figures(outcome).items():
            table.add_row(column, value)
        console.print(table)
