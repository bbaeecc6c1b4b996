"""`python -m benchmarks.overload URL --slots N`: the same crowd at capacity, and at several times that."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.load.corpus import pick_sentences
from benchmarks.load.summary import percentile
from benchmarks.overload.crowd import CrowdSettings, Tally, run_crowd


def main() -> None:
    """Run the command line."""
    typer.run(overload)


def overload(
    url: Annotated[str, typer.Argument(help="The server.")],
    slots: Annotated[int, typer.Option(help="How many listeners it has room for, in all.")],
    factor: Annotated[int, typer.Option(help="How many times as many ask.")] = 5,
    duration_s: Annotated[float, typer.Option("--duration", help="Seconds, of each part.")] = 15.0,
    voice: Annotated[str, typer.Option(help="Who speaks.")] = "en-us",
    speed: Annotated[float, typer.Option(help="Of the speech: 0.5 takes twice as long.")] = 1.0,
    pause_s: Annotated[float, typer.Option("--pause", help="Before a refused listener asks again.")] = 0.5,
    at_real_time: Annotated[bool, typer.Option(help="Take audio as it is played.")] = True,
    api_key: Annotated[str | None, typer.Option(envvar="POLYVOX_API_KEY", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare those who are admitted, and time the refusals."""
    text = " ".join(sentence.text for sentence in pick_sentences(("en",), ("medium", "long")))
    settings = CrowdSettings(url.rstrip("/"), voice, text, speed, pause_s, at_real_time, api_key)
    asyncio.run(run_crowd(settings, 1, 0.1))  # connections, caches and clocks get warm
    parts = {
        "at capacity": figures(asyncio.run(run_crowd(settings, slots, duration_s))),
        f"{factor} times": figures(asyncio.run(run_crowd(settings, slots * factor, duration_s))),
    }
    if as_json:
        typer.echo(json.dumps(parts, indent=2))
    else:
        _print(parts)


def figures(tally: Tally) -> dict[str, Any]:
    """Return what is worth a line. Milliseconds; None where nothing was measured."""
    return {
        "admitted": len(tally.first_audio_s),
        "first audio p50": _ms(tally.first_audio_s, 0.5),
        "first audio p95": _ms(tally.first_audio_s, 0.95),
        "streams with an underrun": sum(num > 0 for num in tally.underruns),
        "refused (429)": len(tally.refused_s),
        "refusal p50": _ms(tally.refused_s, 0.5),
        "refusal p95": _ms(tally.refused_s, 0.95),
        "refusal p99": _ms(tally.refused_s, 0.99),
        "refusal max": _ms(tally.refused_s, 1.0),
        "this program late by, p95": _ms(tally.own_lags_s, 0.95),
        "this program late by, max": _ms(tally.own_lags_s, 1.0),
        "Retry-After min, s": min(tally.retry_after_s, default=None),
        "Retry-After max, s": max(tally.retry_after_s, default=None),
        "anything else": dict(Counter(tally.others)) or None,
    }


def _ms(values: Sequence[float], share: float) -> float | None:
    return round(percentile(values, share) * 1e3, 1) if values else None


def _print(parts: dict[str, dict[str, Any]]) -> None:
    table = Table("", *parts)
    for name in next(iter(parts.values())):
        table.add_row(name, *("–" if part[name] is None else str(part[name]) for part in parts.values()))
    Console().print(table)
