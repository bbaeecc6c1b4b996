"""`python -m benchmarks.timestamps`: how far estimated word times are from those that espeak-ng knows.

Exit codes: 0 done, 1 the median over all languages is above --most-ms, or a word leaves the audio, 2 wrong
usage.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from benchmarks.timestamps.corpus import LANGUAGES
from benchmarks.timestamps.run import Measured, measure, median_and_p95

app = typer.Typer(add_completion=False)

Languages = Annotated[list[str] | None, typer.Option("--language", help="Which; all if left out.")]
Speed = Annotated[float, typer.Option("--speed", help="Of the speech.")]
Letters = Annotated[bool, typer.Option("--letters", help="Tell all words' lengths by their letters.")]
MostMs = Annotated[float, typer.Option("--most-ms", help="What the median over all may be.")]


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def run(
    language: Languages = None, speed: Speed = 1.0, letters: Letters = False, most_ms: MostMs = 80.0
) -> None:
    """Speak the corpus, estimate its words' times, and print the errors as a Markdown table."""
    unknown = set(language or ()) - LANGUAGES.keys()
    if unknown:
        typer.echo(
            f"no such language: {', '.join(sorted(unknown))}; there are {', '.join(LANGUAGES)}", err=True
        )
        raise typer.Exit(2)
    measured = asyncio.run(measure(language or [*LANGUAGES], speed, with_phones=not letters))
    typer.echo(table_of(measured))
    median, _ = median_and_p95([error for one in measured for error in one.errors_ms])
    if not median <= most_ms or any(one.num_beyond for one in measured):
        raise typer.Exit(1)


def table_of(measured: list[Measured]) -> str:
    """Return a Markdown table."""
    lines = [
        "| language | lengths by | sentences | words | median | p95 | median without first words | beyond |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += map(_row, measured)
    if len(measured) > 1:
        everything = Measured(
            "**all**",
            "",
            sum(one.num_sentences for one in measured),
            [error for one in measured for error in one.errors_ms],
            [error for one in measured for error in one.inner_errors_ms],
            sum(one.num_beyond for one in measured),
        )
        lines.append(_row(everything))
    return "\n".join(lines)


def _row(one: Measured) -> str:
    median, p95 = median_and_p95(one.errors_ms)
    inner, _ = median_and_p95(one.inner_errors_ms)
    cells = (
        one.language,
        one.source,
        str(one.num_sentences),
        str(len(one.errors_ms)),
        f"{median:.0f} ms",
        f"{p95:.0f} ms",
        f"{inner:.0f} ms",
        str(one.num_beyond),
    )
    return f"| {' | '.join(cells)} |"
