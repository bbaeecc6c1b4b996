"""`nn.Linear` over oneDNN's packed weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tts_core.models.gpt_sovits.layers import FusedLinear

Activation = tuple[str, list[float]]
"""An operation's name and its settings, as oneDNN's operations take them."""

_TYPICAL_ROWS = 8
"""A hint for the layout of weights, which is the same for any number of rows."""


class PackedLinear(nn.Module):
    """Computes what the given layer does. Keeps nothing of it but its bias.

    For up to 32 rows, a row's result doesn't depend on how many there are.

    Attributes:
        weight: the packed weights, opaque but for their dtype, device and number of elements.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.register_buffer("weight", packed_weight(linear.weight.detach()), persistent=False)
        self.register_buffer("bias", _bias(linear), persistent=False)
        with_relu = isinstance(linear, FusedLinear) and linear.with_relu
        self._activation: Activation = ("relu" if with_relu else "none", [])

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Return activation(W x + b), or W x + b + residual, for (..., in_features)."""
        return packed_product(x, self.weight, self.bias, self._activation, residual)


def packed_weight(weight: Tensor) -> Tensor:
    """Pack (outputs, inputs)."""
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), _TYPICAL_ROWS)
    return packed


def packed_product(
    x: Tensor, weight: Tensor, bias: Tensor | None, activation: Activation, residual: Tensor | None
) -> Tensor:
    """Return activation(W x + b), or W x + b + residual, for (..., inputs).

    A single row is computed twice, since in float32 products of one row take another way than those of more.
    """
    if x.numel() == x.shape[-1]:
        pair = x.reshape(1, -1).repeat(2, 1)
        added = None if residual is None else residual.reshape(1, -1).repeat(2, 1)
        return packed_product(pair, weight, bias, activation, added)[:1].view(*x.shape[:-1], -1)
    multiply = torch.ops.mkldnn._linear_pointwise
    if residual is None:
        out: Tensor = multiply(x, weight, bias, *activation, "")
    else:
        out = multiply.binary(x, residual.contiguous(), weight, bias, "add")
    return out


def _bias(linear: nn.Linear) -> Tensor | None:
    bias: Tensor | None = linear.bias  # torch declares it as never None
    return None if bias is None else bias.detach()
