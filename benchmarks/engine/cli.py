"""`python -m benchmarks.engine WEIGHTS ...`: measure the engine in one process, without Ray.

Exit codes: 0 done, 1 the weights or the machine don't allow it, 2 wrong usage. Lists are given as `1,2,4`.
"""

from __future__ import annotations

from typing import cast

import typer
from rich.console import Console

from benchmarks.engine import options as opt
from benchmarks.engine.document import build_document, write_document
from benchmarks.engine.markdown import to_markdown
from benchmarks.engine.run import Run
from benchmarks.engine.settings import (
    LoadSizes,
    PairSizes,
    Part,
    Settings,
    SettingsError,
    StageSizes,
)
from benchmarks.engine.sheets import sheets_of
from benchmarks.engine.terminal import print_sheets
from tts_core.engine.assembly import PolicyName
from tts_core.errors import PolyvoxError

_MIB = 1 << 20
_PAGE_WIDTH = 150

app = typer.Typer(add_completion=False)


def main() -> None:
    """Run the command line; what can't be done is a message and an exit code."""
    try:
        app()
    except SettingsError as error:
        _refuse(str(error), 2)
    except PolyvoxError as error:
        _refuse(f"{error.code}: {error.message}", 1)


@app.command()
def measure(
    weights: opt.Weights,
    version: opt.Version = "v2",
    dtype: opt.Dtype = "bfloat16",
    device: opt.Device = "cpu",
    threads: opt.Threads = 1,
    parts: opt.Parts = "stages,load,determinism,stalled,alone",
    tokens: opt.Tokens = 100,
    prompts: opt.Prompts = "128,256,512",
    rows: opt.Rows = "1,2,4,8,16",
    kv_lens: opt.KvLens = "256,512,1024",
    latents: opt.Latents = "25,50,100,200",
    seconds: opt.Seconds = 0.5,
    stream_mib: opt.StreamMib = 1024,
    matrix_dim: opt.MatrixDim = 2048,
    listeners: opt.Listeners = "1,2,4,8",
    rounds: opt.Rounds = 3,
    policy: opt.Policies = "least_headroom,round_robin",
    rate: opt.Rate = 0.25,
    low_latency: opt.LowLatency = False,
    pair_listeners: opt.PairListeners = "1,4",
    pair_rounds: opt.PairRounds = 5,
    json_file: opt.JsonFile = None,
    markdown_file: opt.MarkdownFile = None,
) -> None:
    """Measure the GPT-SoVITS engine: its stages against the machine's ceilings, and whole, with listeners."""
    settings = Settings(
        weights=weights,
        version=version,
        dtype=dtype,
        device=device,
        threads=threads,
        tokens=tokens,
        parts=cast("tuple[Part, ...]", _words(parts)),
        stages=StageSizes(
            _numbers(prompts),
            _numbers(rows),
            _numbers(kv_lens),
            _numbers(latents),
            seconds,
            stream_mib * _MIB,
            matrix_dim,
        ),
        load=LoadSizes(
            _numbers(listeners), rounds, cast("tuple[PolicyName, ...]", _words(policy)), rate, low_latency
        ),
        pairs=PairSizes(_numbers(pair_listeners), pair_rounds),
    )
    console = _console()
    document = build_document(Run(settings, lambda doing: console.status(f"{doing} ...")).make())
    sheets = list(sheets_of(document))
    print_sheets(console, sheets)
    if json_file is not None:
        write_document(document, json_file)
    if markdown_file is not None:
        markdown_file.write_text(to_markdown(sheets), "utf-8")


def _console() -> Console:
    """Return the terminal, or a page wide enough for the tables where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=_PAGE_WIDTH)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, _words(text)))
    except ValueError:
        raise SettingsError(f"expected whole numbers with commas between them, not {text!r}") from None


def _refuse(message: str, code: int) -> None:
    Console(stderr=True).print(f"error: {message}", style="red", markup=False)
    raise SystemExit(code)
