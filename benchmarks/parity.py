"""Compare the models with a folder of golden data, number for number.

    python -m benchmarks.parity DIR

The folder holds `t2s_VERSION.npz`, `sovits_VERSION.npz` and `text_VERSION.json`, as many as there are, and
`keys_*.json` of the same names with the tensors that the formula makes. Prints what differs by how much, and
exits with 1 where a bar is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.checkpoint_configs import sovits_config
from benchmarks.parity_checks import Check, read_golden, read_weights
from benchmarks.parity_sovits import check_sovits
from benchmarks.parity_t2s import check_t2s, t2s_config
from benchmarks.parity_text import check_text
from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.sovits import build_sovits
from tts_core.models.gpt_sovits.t2s import build_t2s


class Precision(str, Enum):
    """What the models run in. The bars are meant for float32."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    float16 = "float16"

    @property
    def dtype(self) -> torch.dtype:
        dtype: torch.dtype = getattr(torch, self.value)
        return dtype


def run_parity(folder: Path, precision: Precision = Precision.float32) -> Iterator[Check]:
    """Yield every check that the folder's files allow, model by model."""
    for path in sorted(folder.glob("t2s_*.npz")):
        tensors = read_weights(folder / f"keys_{path.stem}.json")
        model = build_t2s(tensors, t2s_config(tensors), precision.dtype)
        yield from check_t2s(model, read_golden(path))
    for path in sorted(folder.glob("sovits_*.npz")):
        version = path.stem.removeprefix("sovits_")
        config = SoVITSConfig.from_checkpoint(sovits_config(version), version)
        sovits = build_sovits(read_weights(folder / f"keys_{path.stem}.json"), config, precision.dtype)
        yield from check_sovits(sovits, read_golden(path))
    for path in sorted(folder.glob("text_*.json")):
        yield from check_text(path)


def main(
    folder: Annotated[Path, typer.Argument(help="A folder of golden data.", exists=True, file_okay=False)],
    precision: Annotated[Precision, typer.Option(help="What the models run in.")] = Precision.float32,
) -> None:
    """Compare the models with golden data and print a table."""
    table = Table("Run", "Compared", "Found", "Bar", "", title=f"Parity with {folder}, {precision.value}")
    checks = []
    for check in run_parity(folder, precision):
        checks.append(check)
        verdict = "[green]met[/]" if check.passed else "[red]MISSED[/]"
        table.add_row(check.subject, check.quantity, check.found, check.bar, verdict)
    console = Console()
    console.print(table)
    missed = sum(not check.passed for check in checks)
    console.print(f"{len(checks) - missed} of {len(checks)} bars met.")
    if missed or not checks:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
