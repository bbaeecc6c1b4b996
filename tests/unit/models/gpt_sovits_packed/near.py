"""How near packed results must be to plain ones in float32."""

from __future__ import annotations

import torch
from torch import Tensor

_DISTANCE = {torch.float32: 1e-5, torch.bfloat16: 0.02}
"""Of the largest value. bfloat16 keeps 8 bits; a few roundings in a row are allowed."""


def assert_near(found: Tensor, exact: Tensor, dtype: torch.dtype, slack: float = 1.0) -> None:
    assert found.shape == exact.shape
    limit = _DISTANCE[dtype] * slack * float(exact.abs().max())
    distance = float((found.float() - exact).abs().max())
    assert distance <= limit, f"{distance} is more than {limit}"
