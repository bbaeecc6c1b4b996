"""`polyvox weights`: fetch, inspect and convert GPT-SoVITS weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from tts_core.errors import PolyvoxError, SetupError
from tts_core.models.gpt_sovits.weights import DEFAULT_WEIGHTS_DIR, VERSIONS, WEIGHTS_VARIABLE
from tts_core.models.gpt_sovits.weights.table import G2PW

if TYPE_CHECKING:
    from tts_core.models.gpt_sovits.checkpoint import CheckpointSummary

app = typer.Typer(help="Fetch, inspect and convert GPT-SoVITS weights.", no_args_is_help=True)

_MEGA = 1e6


@contextmanager
def _reported() -> Iterator[None]:
    """End the command with one red line and status 1 where something is wrong with what was asked."""
    try:
        yield
    except PolyvoxError as error:
        _print_error(error)
        raise typer.Exit(1) from error
    except OSError as error:
        _print_error(SetupError(str(error)))
        raise typer.Exit(1) from error


def _print_error(error: PolyvoxError) -> None:
    line = Text.assemble((error.code, "bold red"), " ", (error.message, "red"))
    Console(stderr=True).print(line, soft_wrap=True)


@app.command()
def pull(
    version: Annotated[
        str,
        typer.Argument(
            help=f"One of {', '.join(VERSIONS)}; or {G2PW}, which reads Chinese characters by their context."
        ),
    ],
    to: Annotated[
        Path, typer.Option(envvar=WEIGHTS_VARIABLE, help="The weights folder.")
    ] = DEFAULT_WEIGHTS_DIR,
    endpoint: Annotated[
        str | None, typer.Option(help="The hub's address, where it is not the public one or HF_ENDPOINT.")
    ] = None,
) -> None:
    """Fetch a version's weights from the model hub. Whole files are kept, broken downloads go on."""
    if version == G2PW:
        _pull_g2pw(to, endpoint)
        return
    with _reported(), _progress_bars() as bars:
        from tts_core.models.gpt_sovits.weights.pull import pull_weights

        paths = pull_weights(version, to, endpoint=endpoint, progress=_Bars(bars))
    typer.echo(f"GPT-SoVITS {version} is in {to.expanduser()}")
    typer.echo(f"  T2S     {paths.t2s}\n  SoVITS  {paths.sovits}")


def _pull_g2pw(to: Path, endpoint: str | None) -> None:
    with _reported(), _progress_bars() as bars:
        from tts_core.models.gpt_sovits.weights.g2pw import pull_g2pw

        folder = pull_g2pw(to, endpoint, _Bars(bars))
    typer.echo(
        f"G2PW is in {folder}; servers with weights in {folder.parent} read with it from their next start"
    )


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A *.ckpt, *.pth or converted *.safetensors file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell a checkpoint's model, version, sizes and precision. Nothing in the file is run."""
    from tts_core.models.gpt_sovits.checkpoint import inspect_checkpoint

    with _reported():
        summary = inspect_checkpoint(file)
    if as_json:
        typer.echo(json.dumps(asdict(summary), default=str, ensure_ascii=False, indent=2))
    else:
        Console(soft_wrap=True).print(_summary_table(summary))


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="A *.ckpt or *.pth file.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.")],
) -> None:
    """Write a checkpoint as safetensors with its config beside it: it loads faster and holds no pickle."""
    from tts_core.models.gpt_sovits.checkpoint import convert_checkpoint

    with _reported():
        paths = convert_checkpoint(file, out)
    typer.echo(f"{paths.weights} ({paths.weights.stat().st_size / _MEGA:.1f} MB)\n{paths.config}")


def _summary_table(summary: CheckpointSummary) -> Table:
    table = Table(title=Text(summary.path.name), show_header=False, title_justify="left")
    for name, value in _summary_rows(summary):
        table.add_row(name, Text(value))
    return table


def _summary_rows(summary: CheckpointSummary) -> list[tuple[str, str]]:
    model = {"t2s": "T2S", "sovits": "SoVITS"}[summary.kind]
    support = "" if summary.is_supported else " (not supported yet)"
    by_dtype = summary.parameters_by_dtype.items()
    rows = [
        ("model", f"{model} {summary.version}{' LoRA' if summary.is_lora else ''}{support}"),
        ("precision", ", ".join(f"{dtype} ({count:,})" for dtype, count in by_dtype)),
        ("parameters", f"{summary.num_parameters:,} in {summary.num_tensors} tensors"),
        ("file", f"{summary.size_bytes / _MEGA:.1f} MB, {summary.container}"),
        ("header", summary.header or "none"),
        ("training", summary.info or "says nothing"),
    ]
    if summary.num_training_only:
        rows.append(("unused", f"{summary.num_training_only} tensors that only training needs (enc_q)"))
    return rows + _size_rows(summary.config)


def _size_rows(config: dict[str, Any]) -> list[tuple[str, str]]:
    """The model's sizes as its config has them, on one line each."""
    model = config.get("model")
    return [(f"model.{key}", str(value)) for key, value in model.items()] if isinstance(model, dict) else []


def _progress_bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=Console(stderr=True))


class _Bars:
    """One bar for each file, made when the file is first heard of."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, done_bytes: int, size_bytes: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=size_bytes)
        self._progress.update(self._tasks[name], completed=done_bytes)
