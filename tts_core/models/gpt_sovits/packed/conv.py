"""Convolutions over oneDNN's packed weights.

Activations keep their shape (rows, channels, frames), but lie in memory frame by frame with a frame's
channels together, which is how the packed kernels read and write them. Operations element by element keep
that layout; whatever comes in another one is copied into it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tts_core.models.gpt_sovits.layers import FusedConv1d

_TYPICAL_FRAMES = 256


class PackedConv1d(nn.Module):
    """Computes what the given convolution does. Nothing of it is kept but its bias.

    Attributes:
        weight: the packed weights, opaque but for their dtype, device and number of elements.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, conv: nn.Conv1d) -> None:
        super().__init__()
        self._padding, self._dilation = [0, _single(conv.padding)], [1, _single(conv.dilation)]
        packed = torch.ops.mkldnn._reorder_convolution_weight(
            conv.weight.detach().unsqueeze(2),
            self._padding,
            [1, 1],
            self._dilation,
            1,
            [1, conv.in_channels, 1, _TYPICAL_FRAMES],
        )
        self.register_buffer("weight", packed, persistent=False)
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach(), persistent=False)
        self._activation, self._slopes = _activation(conv)

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Return activation(conv(x)), or conv(x) + residual, for (rows, channels, frames)."""
        x = frames_together(x)
        if residual is None:
            out: Tensor = torch.ops.mkldnn._convolution_pointwise(
                x,
                self.weight,
                self.bias,
                self._padding,
                [1, 1],
                self._dilation,
                1,
                self._activation,
                self._slopes,
                "",
            )
        else:
            out = self._added(x, frames_together(residual))
        return out.squeeze(2)

    def _added(self, x: Tensor, residual: Tensor) -> Tensor:
        out: Tensor = torch.ops.mkldnn._convolution_pointwise.binary(
            x,
            residual,
            self.weight,
            self.bias,
            self._padding,
            [1, 1],
            self._dilation,
            1,
            "add",
            1.0,
            None,
            [],
            None,
        )
        return out


class PackedConvTranspose1d(nn.Module):
    """Computes what the given transposed convolution does. Nothing of it is kept but its bias."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, conv: nn.ConvTranspose1d) -> None:
        super().__init__()
        self._padding, self._stride = [0, _single(conv.padding)], [1, _single(conv.stride)]
        packed = torch.ops.mkldnn._reorder_convolution_transpose_weight(
            conv.weight.detach().unsqueeze(2),
            self._padding,
            [0, 0],
            self._stride,
            [1, 1],
            1,
            [1, conv.in_channels, 1, _TYPICAL_FRAMES],
        )
        self.register_buffer("weight", packed, persistent=False)
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (rows, out_channels, frames * stride) for (rows, in_channels, frames), but for margins."""
        out: Tensor = torch.ops.mkldnn._convolution_transpose_pointwise(
            frames_together(x),
            self.weight,
            self.bias,
            self._padding,
            [0, 0],
            self._stride,
            [1, 1],
            1,
            "none",
            [],
            "",
        )
        return out.squeeze(2)


def can_be_packed(conv: nn.Conv1d | nn.ConvTranspose1d) -> bool:
    """Return whether the packed form computes this convolution: one group, numbers for margins."""
    if isinstance(conv, nn.ConvTranspose1d):
        return conv.groups == 1 and conv.dilation == (1,) and conv.output_padding == (0,)
    return (
        conv.groups == 1
        and conv.stride == (1,)
        and isinstance(conv.padding, tuple)
        and conv.padding_mode == "zeros"
    )


def frames_together(x: Tensor) -> Tensor:
    """Return (rows, channels, frames) as (rows, channels, 1, frames), a frame's channels lying together."""
    return x.unsqueeze(2).contiguous(memory_format=torch.channels_last)


def _single(sizes: object) -> int:
    if not isinstance(sizes, tuple) or len(sizes) != 1:
        raise ValueError(f"Expected one size; found {sizes!r}.")
    return int(sizes[0])


def _activation(conv: nn.Conv1d) -> tuple[str, list[float]]:
    if not isinstance(conv, FusedConv1d) or conv.slope is None:
        return "none", []
    return ("relu", []) if conv.slope == 0 else ("leaky_relu", [conv.slope])
