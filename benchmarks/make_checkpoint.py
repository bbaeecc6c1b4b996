"""Write a whole weights folder made from the formula, in the official formats and under the official names.

    python -m benchmarks.make_checkpoint --version v2 --out DIR

What comes out loads like real weights, weighs as much and computes as long; it speaks noise. With `--tiny` it
is small, for tests. The folder has the layout that `polyvox weights pull` makes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.official_pair import make_pair
from benchmarks.side_models import write_bert, write_hubert, write_speaker
from tts_core.errors import PolyvoxError
from tts_core.models.gpt_sovits.weights import WeightsPaths, locate_weights, weights_layout
from tts_core.models.gpt_sovits.weights.table import BERT_FOLDER, HUBERT_FOLDER


def make_checkpoint(version: str, out: Path, *, tiny: bool = False) -> WeightsPaths:
    """Write T2S, SoVITS and the models beside them, and return where they lie.

    Args:
        version: "v1", "v2", "v2Pro" or "v2ProPlus".
        out: the weights folder; made where it is missing.
        tiny: few layers and channels instead of the full size. Channels that other models see stay.

    Raises:
        InvalidConfig: there is no such version.
    """
    layout = weights_layout(version)
    make_pair(version, out, tiny=tiny)
    write_hubert(out / HUBERT_FOLDER, tiny=tiny)
    write_bert(out / BERT_FOLDER, tiny=tiny)
    if layout.speaker:
        write_speaker(out / layout.speaker)
    return locate_weights(out, version)


app = typer.Typer()


@app.command()
def main(
    version: Annotated[str, typer.Option(help="v1, v2, v2Pro or v2ProPlus.")],
    out: Annotated[Path, typer.Option(help="The weights folder to write.")],
    tiny: Annotated[bool, typer.Option(help="Small models of the same format, for tests.")] = False,
) -> None:
    """Write a weights folder made from the formula, in the official formats."""
    console = Console()
    try:
        with console.status(f"Making {version} weights in {out}"):
            make_checkpoint(version, out, tiny=tiny)
    except PolyvoxError as error:
        Console(stderr=True).print(f"[red]{error.code}[/red]: {error.message}", highlight=False)
        raise typer.Exit(1) from error
    for path in sorted(out.rglob("*")):
        if path.is_file():
            line = f"{path.stat().st_size / 1e6:10.1f} MB  {path.relative_to(out)}"
            console.print(line, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    app()
