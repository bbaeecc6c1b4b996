"""`python -m benchmarks.isolation URL`: prove that nobody hears their neighbours.

Exit codes: 0 every answer is what it is alone, 1 one isn't, 2 the proof could not be had, 130 interrupted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import cast

import typer
from rich.console import Console

from benchmarks.isolation import options as opt
from benchmarks.isolation.document import build_document
from benchmarks.isolation.runner import IsolationResult, run_isolation
from benchmarks.isolation.settings import CannotRun, Choice, Crowd, IsolationSettings, SoloWhen
from benchmarks.isolation.terminal import LiveProgress, print_report
from benchmarks.load.settings import Listening, SettingsError, Target

EXIT_CODES = {"isolated": 0, "different": 1, "not_proven": 2}
_CANNOT_RUN = 2
_INTERRUPTED = 130

app = typer.Typer(add_completion=False)


def main() -> None:
    """Run the command line. Exit code 1 is a difference and nothing else, so a fault of our own is 2."""
    console = Console(stderr=True)
    try:
        app()
    except (SettingsError, CannotRun) as error:
        console.print(f"error: {error}", style="red", markup=False)
        raise SystemExit(_CANNOT_RUN) from None
    except Exception:
        console.print_exception()
        raise SystemExit(_CANNOT_RUN) from None


@app.command()
def isolation(
    url: opt.Url,
    models: opt.Models = None,
    voices: opt.Voices = None,
    langs: opt.Langs = None,
    sentences: opt.Sentences = 4,
    low_latency_share: opt.LowLatencyShare = 0.0,
    ignore_eos: opt.IgnoreEos = False,
    max_tokens: opt.MaxTokens = None,
    num_requests: opt.Requests = 100,
    concurrency: opt.Concurrency = 16,
    distinct: opt.Distinct = None,
    cancel_share: opt.CancelShare = 0.2,
    fail_share: opt.FailShare = 0.1,
    pause_ms: opt.Pause = 50.0,
    patience_s: opt.Patience = 120.0,
    seed: opt.Seed = 0,
    solo: opt.Solo = "first",
    timeout_s: opt.Timeout = 60.0,
    api_key: opt.ApiKey = None,
    allow_remote: opt.AllowRemote = False,
    json_file: opt.JsonFile = None,
) -> None:
    """Hold every concurrent answer of a speech server against the same request made alone."""
    console = Console()
    settings = IsolationSettings(
        Target(url, api_key=api_key, allow_remote=allow_remote),
        Choice(
            _split(models),
            _split(voices),
            _split(langs),
            sentences,
            low_latency_share,
            ignore_eos,
            max_tokens,
        ),
        Crowd(num_requests, concurrency, distinct, cancel_share, fail_share, pause_ms / 1e3, patience_s),
        Listening(timeout_s),
        cast(SoloWhen, solo),
        seed,
    )
    document = build_document(settings, _run(console, settings))
    print_report(console, document)
    if json_file is not None:
        json_file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    raise typer.Exit(EXIT_CODES[document["outcome"]])


def _run(console: Console, settings: IsolationSettings) -> IsolationResult:
    try:
        with LiveProgress(console) as progress:
            return asyncio.run(run_isolation(settings, progress))
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None


def _split(names: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(part.strip() for name in names or () for part in name.split(",") if part.strip())
