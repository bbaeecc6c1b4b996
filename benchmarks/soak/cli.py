"""`python -m benchmarks.soak URL --slots N`: the same full load for half an hour."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from benchmarks.load.corpus import pick_sentences
from benchmarks.load.settings import Chaos, LoadSettings, Pace, Target
from benchmarks.soak.run import Slice, room_left, soak
from benchmarks.soak.verdict import verdict


def main() -> None:
    """Run the command line."""
    typer.run(run)


def run(
    url: Annotated[str, typer.Argument(help="The server, on this machine.")],
    slots: Annotated[int, typer.Option(help="Streams it has room for: as many listen all the time.")],
    minutes: Annotated[float, typer.Option(help="How long.")] = 30.0,
    slice_requests: Annotated[int, typer.Option(help="Requests in a line of the result.")] = 64,
    model: Annotated[str, typer.Option(help="Model named in the body.")] = "tts-1",
    voices: Annotated[list[str] | None, typer.Option("--voice", help="Repeat to take turns.")] = None,
    langs: Annotated[list[str] | None, typer.Option("--lang", help="Languages of the texts.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Fixed length of segments, in tokens.")] = None,
    hangup_share: Annotated[float, typer.Option(help="Share that hangs up in mid-speech.")] = 0.1,
    low_latency: Annotated[bool, typer.Option("--low-latency")] = False,
) -> None:
    """Load the server and print a JSON line per slice, then the verdict as the last one."""
    target = Target(
        url,
        model=model,
        voices=tuple(voices or ["alloy"]),
        low_latency=low_latency,
        ignore_eos=max_tokens is not None,
        min_tokens=max_tokens,
        max_tokens=max_tokens,
    )
    settings = LoadSettings(
        target,
        Pace(concurrency=slots, num_requests=slice_requests),
        Chaos(hangup_after_bytes=20_000 if hangup_share else None, hangup_share=hangup_share),
    )
    sentences = pick_sentences(langs or (), ())
    slices = asyncio.run(soak(settings, sentences, minutes, _print))
    quiet = LoadSettings(target, settings.pace)
    served = asyncio.run(room_left(quiet, sentences, slots))
    typer.echo(json.dumps(verdict(slices, slots, served)))


def _print(slice_: Slice) -> None:
    typer.echo(json.dumps(slice_.describe()))
