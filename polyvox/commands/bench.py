"""`polyvox bench`: a short load against a server, and how its listeners fared."""

from __future__ import annotations

import asyncio
import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyvox.completion import complete_voice
from polyvox.console import err, out
from polyvox.settings import DEFAULT_URL, ApiKeyOption
from tts_core.errors import InvalidParameter, MissingDependency

if TYPE_CHECKING:
    from benchmarks.load.settings import LoadSettings

_INTERRUPTED = 130


def bench(
    url: Annotated[str, typer.Argument(envvar="POLYVOX_URL", help="The server.")] = DEFAULT_URL,
    listeners: Annotated[int, typer.Option("--listeners", "-n", min=1, help="At once, all the time.")] = 4,
    requests: Annotated[
        int | None, typer.Option(min=1, help="In all. [default: three for each listener]", show_default=False)
    ] = None,
    voice: Annotated[
        list[str] | None,
        typer.Option(
            help="Repeat for more; taken in turn. [default: alloy]",
            show_default=False,
            autocompletion=complete_voice,
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="Model or alias.")] = "tts-1",
    language: Annotated[str, typer.Option("--lang", "--language", help="Of the built-in sentences.")] = "en",
    low_latency: Annotated[bool, typer.Option("--low-latency", help="Ask for it in each request.")] = False,
    preroll_ms: Annotated[int, typer.Option(min=0, help="What a listener collects before they play.")] = 0,
    api_key: ApiKeyOption = None,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Load a server that isn't on this machine.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with every request in it.")] = False,
) -> None:
    """Load a server for a moment: time to first audio, audio per second, underruns."""
    if find_spec("aiohttp") is None:
        raise MissingDependency("loading a server needs aiohttp: pip install 'polyvox[bench]'")
    from benchmarks.load.corpus import pick_sentences
    from benchmarks.load.settings import Listening, LoadSettings, Pace, SettingsError, Target

    try:
        target = Target(
            url=url.rstrip("/").removesuffix("/v1"),
            model=model,
            voices=tuple(voice or ["alloy"]),
            low_latency=low_latency,
            api_key=api_key,
            allow_remote=allow_remote,
        )
        pace = Pace(concurrency=listeners, num_requests=requests or 3 * listeners)
        settings = LoadSettings(target, pace, listening=Listening(preroll_s=preroll_ms / 1e3))
        document = _measure(settings, pick_sentences([language], []))
    except SettingsError as error:
        raise InvalidParameter(str(error)) from error
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        _print(document, listeners)
    if document["interrupted"]:
        raise typer.Exit(_INTERRUPTED)
    if document["summary"]["num_failed"]:
        raise typer.Exit(1)


def _measure(settings: LoadSettings, sentences: Any) -> dict[str, Any]:
    from benchmarks.load.document import build_document
    from benchmarks.load.runner import run_load
    from benchmarks.load.terminal import LiveProgress

    with LiveProgress(err, settings.pace.num_requests or 0) as progress:
        result = asyncio.run(run_load(settings, sentences, progress))
    return build_document(settings, result)


def _print(document: dict[str, Any], listeners: int) -> None:
    from rich.text import Text

    width = 17
    for name, told in _figures(document["summary"], listeners):
        out.print(Text(f"{name:{width}}{told}"), soft_wrap=True)
    for warning in document["generator"]["warnings"]:
        err.print(Text(f"the load generator itself: {warning}", "yellow"), soft_wrap=True)


def _figures(summary: dict[str, Any], listeners: int) -> list[tuple[str, str]]:
    dry = summary["underruns"]
    underruns = f"{dry['total']}, with {dry['listeners']} of {dry['played']} listeners"
    rows = [
        ("requests", f"{summary['num_ok']} of {summary['num_sent']} by {listeners} listeners at once"),
        ("first audio", _milliseconds(summary["first_audio_s"])),
        ("audible after", _milliseconds(summary["ttfa_s"])),
        ("audio", f"{summary['audio_s_per_s']:.2f} s per second"),
        ("underruns", f"{underruns}, {dry['stalled_s']:.2f} s in all"),
    ]
    return rows + [("failed", f"{code}: {count}") for code, count in summary["errors"].items()]


def _milliseconds(figures: dict[str, float] | None) -> str:
    if figures is None:
        return "never"
    return f"{figures['p50'] * 1e3:,.0f} ms (half), {figures['p95'] * 1e3:,.0f} ms (95 %)"
