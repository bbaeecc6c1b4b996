"""`python -m benchmarks.live_text URL`: first audio after the first complete clause, and barge-in."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.live_text.talk import TalkSettings, Timed, talk
from benchmarks.load.summary import percentile

# The first clause ends with a comma: "certainly" comes after it is complete.
FIRST = "Thank you for asking about that,"
REST = (
    " certainly a good question, and here is what I know about it."
    + " It goes on and on, as answers do." * 60
)
_SHARES = {"p50": 0.5, "p95": 0.95, "max": 1.0}


def main() -> None:
    """Run the command line."""
    typer.run(live_text)


def live_text(
    url: Annotated[str, typer.Argument(help="The server.")],
    turns: Annotated[int, typer.Option(help="How many, in all.")] = 40,
    at_once: Annotated[int, typer.Option(help="How many conversations side by side.")] = 1,
    voice: Annotated[str, typer.Option(help="Who speaks.")] = "en-us",
    model: Annotated[str | None, typer.Option(help="Which model; the server's first by default.")] = None,
    piece_s: Annotated[float, typer.Option("--piece", help="Seconds between pieces of text.")] = 0.03,
    speak_s: Annotated[float, typer.Option("--speak", help="Seconds until it is interrupted.")] = 1.0,
    api_key: Annotated[str | None, typer.Option(envvar="POLYVOX_API_KEY", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Time turns of conversations whose text comes word by word, as from a language model."""
    pieces = words(FIRST + REST)
    settings = TalkSettings(url, voice, model, pieces, num_first(), piece_s, speak_s, api_key)
    asyncio.run(talk(settings))  # connections, caches and clocks get warm
    timed = asyncio.run(converse(settings, turns, at_once))
    shown = figures(timed)
    if as_json:
        typer.echo(json.dumps(shown, indent=2))
    else:
        _print(shown)


def words(text: str) -> tuple[str, ...]:
    """Return the text as language models give it: words with the space before them."""
    return tuple(re.findall(r"\s*\S+", text))


def num_first() -> int:
    """Return how many pieces complete the first clause: its comma's, and the next one with its space."""
    return len(words(FIRST)) + 1


async def converse(settings: TalkSettings, turns: int, at_once: int) -> list[Timed]:
    """Take so many turns, in so many conversations side by side."""

    async def one_after_another(number: int) -> list[Timed]:
        share = len(range(number, turns, at_once))
        return [await talk(settings) for _ in range(share)]

    parts = await asyncio.gather(*(one_after_another(number) for number in range(at_once)))
    return [timed for part in parts for timed in part]


def figures(timed: Sequence[Timed]) -> dict[str, Any]:
    """Return what is worth a line; milliseconds."""
    columns = {
        "first audio": [one.first_bytes_s for one in timed],
        "first audible sample": [one.first_audible_s for one in timed],
        "interrupt to `interrupted`": [one.told_s for one in timed],
        "interrupt to the last audio": [one.last_audio_s for one in timed],
    }
    shown: dict[str, Any] = {
        name: {share: round(percentile(values, at) * 1e3, 1) for share, at in _SHARES.items()}
        for name, values in columns.items()
    }
    return {"turns": len(timed), **shown, "audio after `interrupted`": sum(one.num_late for one in timed)}


def _print(shown: dict[str, Any]) -> None:
    table = Table("ms", *_SHARES)
    for name, value in shown.items():
        cells = [str(one) for one in value.values()] if isinstance(value, dict) else [str(value)]
        table.add_row(name, *cells)
    Console().print(table)
