"""`python -m benchmarks.load URL ...`: load a speech server and tell how its listeners fared.

Exit codes: 0 done, 1 a threshold was missed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import typer
from rich.console import Console

from benchmarks.load import options as opt
from benchmarks.load.checks import Thresholds, find_misses
from benchmarks.load.corpus import Sentence, pick_sentences, read_sentences
from benchmarks.load.document import build_document, read_document, write_document
from benchmarks.load.report import write_page
from benchmarks.load.runner import run_load
from benchmarks.load.schedule import make_plans
from benchmarks.load.settings import Api, Chaos, Listening, LoadSettings, Pace, SettingsError, Target
from benchmarks.load.terminal import LiveProgress, print_comparison, print_summary

# Languages that api_v2 takes; the built-in sentences in others would only measure its refusals.
_API_V2_LANGS = ("en", "zh", "ja", "ko")
_INTERRUPTED = 130

app = typer.Typer(add_completion=False)


def main() -> None:
    """Run the command line; wrong usage is a message and exit code 2."""
    try:
        app()
    except SettingsError as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        raise SystemExit(2) from None


@app.command()
def load(
    url: opt.Url = None,
    api: opt.Api = "openai",
    audio_format: opt.Format = None,
    model: opt.Model = "tts-1",
    voices: opt.Voices = None,
    pcm_rate_hz: opt.PcmRate = None,
    streaming_mode: opt.StreamingMode = 1,
    extra: opt.Extra = "{}",
    low_latency: opt.LowLatency = False,
    ignore_eos: opt.IgnoreEos = False,
    min_tokens: opt.MinTokens = None,
    max_tokens: opt.MaxTokens = None,
    api_key: opt.ApiKey = None,
    allow_remote: opt.AllowRemote = False,
    rate: opt.Rate = None,
    duration: opt.Duration = None,
    concurrency: opt.Concurrency = None,
    num_requests: opt.Requests = None,
    burst: opt.Burst = None,
    rounds: opt.Rounds = None,
    seed: opt.Seed = 0,
    texts: opt.Texts = None,
    text_lang: opt.TextLang = "auto",
    langs: opt.Langs = None,
    lengths: opt.Lengths = None,
    timeout_s: opt.Timeout = 60.0,
    keep_alive: opt.KeepAlive = False,
    preroll_ms: opt.Preroll = 0.0,
    audible_dbfs: opt.AudibleDbfs = -60.0,
    lag_share: opt.LagShare = 0.1,
    stall_after: opt.StallAfter = None,
    stall_share: opt.StallShare = 0.1,
    stall_s: opt.StallFor = 30.0,
    hangup_after: opt.HangupAfter = None,
    hangup_share: opt.HangupShare = 0.1,
    json_file: opt.JsonFile = None,
    html_file: opt.HtmlFile = None,
    compare: opt.Compare = None,
    render: opt.Render = None,
    max_errors: opt.MaxErrors = None,
    assert_ttfa_p95_ms: opt.AssertTtfa = None,
    assert_no_underrun: opt.AssertNoUnderrun = False,
    assert_no_errors: opt.AssertNoErrors = False,
) -> None:
    """Load a speech server with listeners and tell how they fared, from each one's scheduled arrival."""
    console = Console()
    if compare is not None:
        first, second = (read_document(path) for path in compare)
        print_comparison(console, (compare[0].name, compare[1].name), (first, second))
        return
    if render is not None:
        document = read_document(render)
    else:
        target = Target(
            url=url or "",
            api=cast(Api, api),
            audio_format=audio_format or ("pcm" if api == "openai" else "wav"),
            model=model,
            voices=tuple(voices or ["alloy"]),
            raw_rate_hz=pcm_rate_hz,
            streaming_mode=streaming_mode,
            extra=_parse_extra(extra),
            low_latency=low_latency,
            ignore_eos=ignore_eos,
            min_tokens=min_tokens,
            max_tokens=max_tokens,
            api_key=api_key,
            allow_remote=allow_remote,
        )
        settings = LoadSettings(
            target,
            Pace(rate, duration, concurrency, num_requests, burst, 1 if burst and rounds is None else rounds),
            Chaos(stall_after, stall_share, stall_s, hangup_after, hangup_share),
            Listening(timeout_s, keep_alive, preroll_ms / 1e3, audible_dbfs),
            seed,
            lag_share,
        )
        sentences = _sentences(texts, text_lang, langs or (_API_V2_LANGS if api == "api_v2" else ()), lengths)
        document = _measure(console, settings, sentences)
    limit = 0 if assert_no_errors else max_errors
    thresholds = Thresholds(limit, assert_ttfa_p95_ms, assert_no_underrun)
    raise typer.Exit(_deliver(console, document, json_file, html_file, thresholds))


def _measure(console: Console, settings: LoadSettings, sentences: Sequence[Sentence]) -> dict[str, Any]:
    with LiveProgress(console, len(make_plans(settings, sentences))) as progress:
        result = asyncio.run(run_load(settings, sentences, progress))
    return build_document(settings, result)


def _deliver(
    console: Console,
    document: dict[str, Any],
    json_file: Path | None,
    html_file: Path | None,
    thresholds: Thresholds,
) -> int:
    """Show and write the results; return the exit code."""
    print_summary(console, document)
    if json_file is not None:
        write_document(document, json_file)
    if html_file is not None:
        write_page(document, html_file)
    misses = find_misses(document, thresholds)
    for miss in misses:
        console.print(f"missed: {miss}", style="bold red", markup=False)
    if document["interrupted"]:
        return _INTERRUPTED
    return 1 if misses else 0


def _sentences(
    texts: Path | None, text_lang: str, langs: Sequence[str], lengths: Sequence[str] | None
) -> list[Sentence]:
    if texts is not None:
        return read_sentences(texts, text_lang)
    return pick_sentences(langs, lengths or ())


def _parse_extra(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"--extra is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise SettingsError("--extra must be a JSON object")
    return parsed
