"""Linear layers and convolutions that know what is computed next, so that it can be computed with them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, leaky_relu_, linear, pad, relu_


class FusedLinear(nn.Linear):
    """activation(W x + b), or W x + b + residual."""

    def __init__(self, inputs: int, outputs: int, *, with_relu: bool = False) -> None:
        super().__init__(inputs, outputs)
        self.with_relu = with_relu

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        out = linear(x, self.weight, self.bias)
        if self.with_relu:
            out = relu_(out)
        return out if residual is None else out.add_(residual)


class FusedConv1d(nn.Conv1d):
    """A convolution over (rows, channels, frames) with a leaky relu behind it, or with a residual added.

    Args:
        padding: zeros on either side.
        slope: of the leaky relu where values are negative; 0 for a plain one, None for none.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel_size: int,
        *,
        padding: int = 0,
        dilation: int = 1,
        slope: float | None = None,
    ) -> None:
        super().__init__(inputs, outputs, kernel_size, padding=padding, dilation=dilation)
        self.slope = slope

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        out = conv1d(x, self.weight, self.bias, padding=self.padding, dilation=self.dilation)
        if self.slope is not None:
            out = relu_(out) if self.slope == 0 else leaky_relu_(out, self.slope)
        return out if residual is None else out.add_(residual)


def additive(allowed: Tensor, dtype: torch.dtype) -> Tensor:
    """Return 0 where `allowed`, minus infinity elsewhere: the form of mask that attention adds."""
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill_(~allowed, -math.inf)


def filled_up(x: Tensor, num_rows: int) -> Tensor:
    """Return (num_rows, columns): the rows of `x`, and zeros below where there are fewer."""
    missing = num_rows - len(x)
    return pad(x, (0, 0, 0, missing)) if missing > 0 else x
