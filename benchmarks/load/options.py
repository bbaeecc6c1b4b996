"""The command line's options, each with its help. Aliases, so that the command's signature stays a list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_TARGET, _PACE, _TEXT = "The server", "The pace: one of three", "What is said"
_LISTENER, _CHAOS, _OUT, _CI = "Listeners", "Listeners that misbehave", "Results", "Thresholds (exit code 1)"

Url = Annotated[str | None, typer.Argument(help="The server, as http://127.0.0.1:8000", show_default=False)]
Api = Annotated[str, typer.Option(help="Dialect: openai or api_v2.", rich_help_panel=_TARGET)]
Format = Annotated[
    str | None,
    typer.Option(
        "--format", help="pcm, wav, mp3, opus, aac or flac; api_v2: wav or pcm.", rich_help_panel=_TARGET
    ),
]
Model = Annotated[str, typer.Option(help="Model named in the body.", rich_help_panel=_TARGET)]
Voices = Annotated[
    list[str] | None,
    typer.Option(
        "--voice", help="Voice (api_v2: ref_audio_path); repeat to take turns.", rich_help_panel=_TARGET
    ),
]
PcmRate = Annotated[
    int | None,
    typer.Option("--pcm-rate-hz", help="Rate of pcm: 24000, api_v2 32000.", min=1, rich_help_panel=_TARGET),
]
StreamingMode = Annotated[
    int, typer.Option(help="api_v2's streaming_mode.", min=0, max=3, rich_help_panel=_TARGET)
]
Extra = Annotated[
    str, typer.Option(help='JSON object laid over each body, as {"seed": 7}.', rich_help_panel=_TARGET)
]
LowLatency = Annotated[
    bool,
    typer.Option(
        "--low-latency", help="First audio early; api_v2: streaming_mode 3.", rich_help_panel=_TARGET
    ),
]
IgnoreEos = Annotated[
    bool,
    typer.Option(
        "--ignore-eos",
        help="Fixed lengths, for stand-in weights: with --max-tokens.",
        rich_help_panel=_TARGET,
    ),
]
MinTokens = Annotated[
    int | None,
    typer.Option("--min-tokens", help="Least tokens of a segment.", min=1, rich_help_panel=_TARGET),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens", help="Most tokens of a segment, 25 a second.", min=1, rich_help_panel=_TARGET
    ),
]
ApiKey = Annotated[
    str | None, typer.Option(help="Bearer token; never written down.", rich_help_panel=_TARGET)
]
AllowRemote = Annotated[
    bool, typer.Option("--allow-remote", help="Load a server on another machine.", rich_help_panel=_TARGET)
]

Rate = Annotated[
    float | None, typer.Option(help="Open loop: Poisson arrivals per second.", rich_help_panel=_PACE)
]
Duration = Annotated[
    float | None, typer.Option(help="Open loop: seconds of arrivals.", rich_help_panel=_PACE)
]
Concurrency = Annotated[
    int | None, typer.Option(help="Closed loop: listeners at once.", rich_help_panel=_PACE)
]
Requests = Annotated[
    int | None, typer.Option("--requests", help="Closed loop: requests in all.", rich_help_panel=_PACE)
]
Burst = Annotated[
    int | None,
    typer.Option(help="Bursts: listeners that arrive together; 1 is alone.", rich_help_panel=_PACE),
]
Rounds = Annotated[
    int | None,
    typer.Option(help="Bursts: how many, one after the other; 1 unless told.", rich_help_panel=_PACE),
]
Seed = Annotated[int, typer.Option(help="Of arrivals, texts and chaos roles.", rich_help_panel=_PACE)]

Texts = Annotated[
    Path | None,
    typer.Option(help="File with a sentence per line, not the built-in ones.", rich_help_panel=_TEXT),
]
TextLang = Annotated[str, typer.Option(help="text_lang of the file's sentences.", rich_help_panel=_TEXT)]
Langs = Annotated[
    list[str] | None,
    typer.Option("--lang", help="Built-in sentences of this language; repeatable.", rich_help_panel=_TEXT),
]
Lengths = Annotated[
    list[str] | None,
    typer.Option("--length", help="short, medium or long ones; repeatable.", rich_help_panel=_TEXT),
]

Timeout = Annotated[
    float, typer.Option("--timeout-s", help="Longest silence on the socket.", rich_help_panel=_LISTENER)
]
KeepAlive = Annotated[
    bool, typer.Option("--keep-alive", help="Reuse connections.", rich_help_panel=_LISTENER)
]
Preroll = Annotated[
    float, typer.Option("--preroll-ms", help="Audio collected before playing.", rich_help_panel=_LISTENER)
]
AudibleDbfs = Annotated[
    float, typer.Option(help="Level from which a sample is audible.", rich_help_panel=_LISTENER)
]
LagShare = Annotated[
    float,
    typer.Option(help="Warn when own lag exceeds this share of a figure.", rich_help_panel=_LISTENER),
]

StallAfter = Annotated[
    int | None, typer.Option(help="Stop reading after so many bytes.", min=1, rich_help_panel=_CHAOS)
]
StallShare = Annotated[float, typer.Option(help="Share of listeners that stall.", rich_help_panel=_CHAOS)]
StallFor = Annotated[
    float, typer.Option("--stall-s", help="Seconds until they read on.", rich_help_panel=_CHAOS)
]
HangupAfter = Annotated[
    int | None, typer.Option(help="Hang up after so many bytes.", min=1, rich_help_panel=_CHAOS)
]
HangupShare = Annotated[float, typer.Option(help="Share of listeners that hang up.", rich_help_panel=_CHAOS)]

JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write raw timestamps and summary.", rich_help_panel=_OUT)
]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", help="Write a self-contained page.", rich_help_panel=_OUT)
]
Compare = Annotated[
    tuple[Path, Path] | None,
    typer.Option(help="Compare two JSON files instead of running.", rich_help_panel=_OUT),
]
Render = Annotated[
    Path | None, typer.Option(help="Show a JSON file again instead of running.", rich_help_panel=_OUT)
]

MaxErrors = Annotated[
    int | None, typer.Option(help="Failed requests that are tolerated.", min=0, rich_help_panel=_CI)
]
AssertTtfa = Annotated[
    float | None, typer.Option("--assert-ttfa-p95-ms", help="Highest TTFA p95.", rich_help_panel=_CI)
]
AssertNoUnderrun = Annotated[
    bool, typer.Option("--assert-no-underrun", help="No listener may run dry.", rich_help_panel=_CI)
]
AssertNoErrors = Annotated[
    bool, typer.Option("--assert-no-errors", help="The same as --max-errors 0.", rich_help_panel=_CI)
]
