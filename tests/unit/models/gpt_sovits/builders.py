"""Small models of the real form, from the formula's weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from benchmarks.checkpoint_configs import sovits_config, t2s_config
from benchmarks.checkpoint_shapes import sovits_shapes, t2s_shapes
from benchmarks.formula_weights import formula_state_dict
from tts_core.models.gpt_sovits.config import SoVITSConfig, T2SConfig
from tts_core.models.gpt_sovits.sovits import SoVITS, Style, build_sovits
from tts_core.models.gpt_sovits.t2s import T2S, build_t2s

Tensors = dict[str, Tensor]


def t2s_tensors() -> tuple[Tensors, T2SConfig]:
    config = t2s_config("v2", tiny=True)
    return _formula(t2s_shapes(config)), T2SConfig.from_checkpoint(config)


def sovits_tensors(version: str = "v2") -> tuple[Tensors, SoVITSConfig]:
    config = sovits_config(version, tiny=True)
    return _formula(sovits_shapes(version, config)), SoVITSConfig.from_checkpoint(config, version)


def tiny_t2s(dtype: torch.dtype = torch.float32) -> T2S:
    return build_t2s(*t2s_tensors(), dtype)


def tiny_sovits(version: str = "v2", dtype: torch.dtype = torch.float32) -> SoVITS:
    return build_sovits(*sovits_tensors(version), dtype)


@dataclass(frozen=True)
class Prompt:
    """One sequence's inputs to T2S."""

    phones: Tensor
    bert: Tensor
    tokens: Tensor


def prompt(seed: int, num_phones: int, num_tokens: int) -> Prompt:
    random = torch.Generator().manual_seed(seed)
    return Prompt(
        phones=torch.randint(732, (num_phones,), generator=random),
        bert=torch.randn(num_phones, 1024, generator=random),
        tokens=torch.randint(1024, (num_tokens,), generator=random),
    )


def style(model: SoVITS, seed: int, num_references: int = 1) -> Style:
    random = torch.Generator().manual_seed(seed)
    config = model.config
    references = range(num_references if config.is_pro else 0)
    spectrograms = [torch.rand(1, 1025, 30 + index, generator=random) for index in range(num_references)]
    return model.style.encode(
        spectrograms, [torch.randn(1, config.speaker_channels, generator=random) for _ in references]
    )


def _formula(shapes: dict[str, Any]) -> Tensors:
    return {key: torch.from_numpy(array) for key, array in formula_state_dict(shapes).items()}
