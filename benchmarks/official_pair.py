"""T2S and SoVITS checkpoints made from the formula, in the official formats."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmarks.checkpoint_configs import Config, sovits_config, t2s_config
from benchmarks.checkpoint_shapes import Shapes, sovits_shapes, t2s_shapes
from benchmarks.formula_weights import formula_tensor
from benchmarks.official_format import save_sovits, save_t2s
from tts_core.models.gpt_sovits.weights import weights_layout

_INFO = "formula"


def make_pair(
    version: str, out: Path, *, tiny: bool = False, own_config: Config | None = None
) -> tuple[Path, Path]:
    """Write T2S and SoVITS alone, and return their paths.

    Args:
        own_config: of SoVITS, in place of the version's.

    Raises:
        InvalidConfig: there is no such version.
    """
    layout = weights_layout(version)
    t2s, sovits = t2s_config(version, tiny=tiny), own_config or sovits_config(version, tiny=tiny)
    paths = out / layout.t2s, out / layout.sovits
    save_t2s(paths[0], _formula(t2s_shapes(t2s)), t2s, _INFO)
    save_sovits(paths[1], _formula(sovits_shapes(version, sovits)), sovits, _INFO, version)
    return paths


def _formula(shapes: Shapes) -> dict[str, torch.Tensor]:
    return {key: torch.from_numpy(formula_tensor(key, shape)).half() for key, shape in shapes.items()}
