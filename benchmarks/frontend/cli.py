"""`python -m benchmarks.frontend`: text to phones by language; speed, cold start, memory. Needs no weights.

Exit codes: 0 done, 2 wrong usage.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.frontend.run import Settings, SettingsError, measure_all, registered_languages
from benchmarks.frontend.terminal import table_of

_PAGE_WIDTH = 120

app = typer.Typer(add_completion=False)

Languages = Annotated[str, typer.Option("--languages", help="Which, such as en,zh; all where it is empty.")]
Chars = Annotated[int, typer.Option("--chars", help="How much text each language reads.")]
Rounds = Annotated[int, typer.Option("--rounds", help="How often each is measured, in a new process.")]
Seed = Annotated[int, typer.Option("--seed", help="Decides the numbers in the text.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write everything to FILE.")]


def main() -> None:
    """Run the command line; what can't be done is a message and an exit code."""
    try:
        app()
    except SettingsError as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        raise SystemExit(2) from None


@app.command()
def measure(
    languages: Languages = "",
    chars: Chars = 20_000,
    rounds: Rounds = 3,
    seed: Seed = 0,
    json_file: JsonFile = None,
) -> None:
    """Measure how text becomes phones, language by language."""
    names = tuple(name.strip() for name in languages.split(",") if name.strip()) or registered_languages()
    settings = Settings(names, chars, rounds, seed)
    console = Console()
    console = console if console.is_terminal else Console(width=_PAGE_WIDTH)
    document = measure_all(settings, lambda doing: console.status(f"{doing} ..."))
    console.print(table_of(document))
    if json_file is not None:
        json_file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
