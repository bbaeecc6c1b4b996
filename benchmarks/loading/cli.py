"""`python -m benchmarks.loading WEIGHTS`: a crowd on one model, without and with another one's load."""

from __future__ import annotations

import asyncio
import json
import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.loading.run import WAYS, Bench, Outcome, Settings
from tts_core.engine.stream import StreamLimits
from tts_core.models.gpt_sovits.weights import locate_weights

_CHUNK_S = StreamLimits().max_chunk_s


def main() -> None:
    """Run the command line."""
    typer.run(loading)


def loading(
    weights: Annotated[Path, typer.Argument(help="A folder, as `benchmarks.make_checkpoint` writes it.")],
    version: Annotated[str, typer.Option(help="Of the weights.")] = "v2",
    device: Annotated[str, typer.Option(help="Where to compute: cpu or cuda.")] = "cpu",
    listeners: Annotated[int, typer.Option(help="How many listen meanwhile.")] = 2,
    tokens: Annotated[int, typer.Option(help="Of each sentence.")] = 120,
    cores: Annotated[int | None, typer.Option(help="How many cores may be used.", show_default="all")] = None,
    lead_s: Annotated[
        float, typer.Option("--lead", help="How far the engine may run ahead, in seconds.")
    ] = 10.0,
    settle_s: Annotated[
        float, typer.Option("--settle", help="How long listeners have listened before the load.")
    ] = 2.0,
    window_s: Annotated[float, typer.Option("--window", help="Seconds without a load, at least.")] = 10.0,
    rounds: Annotated[int, typer.Option(help="How often each way is tried, by turns.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how long listeners wait because of a load, and fail if that is longer than a chunk plays."""
    settings = Settings(
        locate_weights(weights, version), device, listeners, tokens, cores, lead_s, settle_s, window_s
    )
    outcomes = asyncio.run(_run(settings, rounds))
    extra_s = {way: _worst(outcomes, way)["gap_s"] - _worst(outcomes, "none")["gap_s"] for way in WAYS}
    if as_json:
        rows = [asdict(outcome) for outcome in outcomes]
        typer.echo(json.dumps({"rounds": rows, "longest_added_gap_s": extra_s}, indent=2))
    else:
        _print(outcomes)
        typer.echo(f"A load that gives way added {extra_s['giving way']:.2f} s to the longest gap.")
    if extra_s["giving way"] > _CHUNK_S:
        raise typer.Exit(1)


async def _run(settings: Settings, rounds: int) -> list[Outcome]:
    bench = Bench(settings)
    await bench.start()
    try:
        return [await bench.round(way) for _ in range(rounds) for way in WAYS]
    finally:
        await bench.stop()


def _worst(outcomes: list[Outcome], way: str) -> dict[str, Any]:
    mine = [outcome for outcome in outcomes if outcome.way == way]
    return {
        "load_s": statistics.median(one.load_s for one in mine),
        "gap_s": max(one.heard.gap_s for one in mine),
        "lowest_s": min(one.heard.lowest_s for one in mine),
        "fell_by_s": max(one.heard.fell_by_s for one in mine),
        "pace": statistics.median(one.heard.pace for one in mine),
        "loop_s": max(one.loop_s for one in mine),
    }


def _print(outcomes: list[Outcome]) -> None:
    heads = {
        "load_s": "load, s",
        "gap_s": "longest gap, s",
        "lowest_s": "least in hand, s",
        "fell_by_s": "fell by, s",
        "pace": "audio-s per s",
        "loop_s": "event loop late, s",
    }
    table = Table("load", *heads.values())
    for way in reversed(WAYS):
        worst = _worst(outcomes, way)
        table.add_row(way, *(f"{worst[key]:.2f}" for key in heads))
    Console(width=110).print(table)
