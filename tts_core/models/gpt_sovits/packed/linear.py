"""`nn.Linear` over oneDNN's packed weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tts_core.models.gpt_sovits.layers import FusedLinear, filled_up

Activation = tuple[str, list[float]]
"""An operation's name and its settings, as oneDNN's operations take them."""

_TYPICAL_ROWS = 8
"""A hint for the layout of weights, which is the same for any number of rows."""

FEWEST_ROWS = 4
"""What fewer rows are filled up to. A single one takes another way in float32 than rows together do, and two
or three take longer than four on processors without AMX."""

_LARGEST_BATCH = 16
_ROW_STEP = 32
"""What larger numbers of rows are rounded up to."""


class PackedLinear(nn.Module):
    """Computes what the given layer does. Keeps nothing of it but its bias.

    For up to 16 rows, a row's result doesn't depend on how many there are.

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
    """Return activation(W x + b), or W x + b + residual, for (..., inputs)."""
    num_rows = x.numel() // x.shape[-1]
    count = _computed_rows(num_rows)
    if count == num_rows:
        return _product(x, weight, bias, activation, residual)
    filled = filled_up(x.reshape(num_rows, -1), count)
    if residual is not None:
        residual = filled_up(residual.reshape(num_rows, -1), count)
    return _product(filled, weight, bias, activation, residual)[:num_rows].view(*x.shape[:-1], -1)


def _computed_rows(num_rows: int) -> int:
    """Return how many rows to compute, of which the last ones may be for nothing.

    Every number of rows costs milliseconds once, for machine code, and half a megabyte for good, so beyond
    the sizes of batches there are few numbers.
    """
    if num_rows <= _LARGEST_BATCH:
        return max(num_rows, FEWEST_ROWS)
    return -(-num_rows // _ROW_STEP) * _ROW_STEP


def _product(
    x: Tensor, weight: Tensor, bias: Tensor | None, activation: Activation, residual: Tensor | None
) -> Tensor:
    multiply = torch.ops.mkldnn._linear_pointwise
    if residual is None:
        out: Tensor = multiply(x, weight, bias, *activation, "")
    else:
        out = multiply.binary(x, residual.contiguous(), weight, bias, "add")
    return out


def _bias(linear: nn.Linear) -> Tensor | None:
    bias: Tensor | None = linear.bias  # torch declares it as never None
    return None if bias is None else bias.detach()
