"""`nn.Linear` over oneDNN's packed weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tts_core.models.gpt_sovits.layers import FusedLinear

_TYPICAL_ROWS = 8
"""A hint for the layout. The layout is the same for any number, but no number is refused by some releases."""


class PackedLinear(nn.Module):
    """Computes what the given layer does. Nothing of the layer is kept but its bias.

    For up to 32 rows, a row's result doesn't depend on how many there are. A single row is computed twice,
    since products of one row take another way in float32.

    Attributes:
        weight: the packed weights, opaque but for their dtype, device and number of elements.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), _TYPICAL_ROWS)
        self.register_buffer("weight", packed, persistent=False)
        self.register_buffer("bias", _bias_of(linear), persistent=False)
        self._activation = "relu" if isinstance(linear, FusedLinear) and linear.with_relu else "none"

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Return activation(W x + b), or W x + b + residual, for (..., in_features)."""
        if x.numel() == self.in_features:
            twice = x.reshape(1, self.in_features).repeat(2, 1)
            return self._compute(twice, residual)[:1].view(*x.shape[:-1], self.out_features)
        return self._compute(x, residual)

    def _compute(self, x: Tensor, residual: Tensor | None) -> Tensor:
        if residual is None:
            out: Tensor = torch.ops.mkldnn._linear_pointwise(
                x, self.weight, self.bias, self._activation, [], ""
            )
            return out
        residual = residual.expand(*x.shape[:-1], self.out_features).contiguous()
        added: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, residual, self.weight, self.bias, "add")
        return added

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}, {self.weight.dtype}"


def _bias_of(linear: nn.Linear) -> Tensor | None:
    bias: Tensor | None = linear.bias  # torch declares it as never None
    return None if bias is None else bias.detach()
