"""Convolutions over oneDNN's packed weights.

Activations keep their shape (rows, channels, frames), but lie in memory frame by frame with a frame's
channels together, which is how the packed kernels read and write them. Operations element by element keep
that layout; whatever comes in another one is copied into it.

oneDNN packs a convolution's weights for one number of frames. With another number it may unpack and pack them
again in every call, a hundred times slower than the convolution itself. `PackedConv1d` is a linear layer over
gathered frames, which has no such preference; `PackedWindowConv1d` is a true convolution, faster where there
are many frames, for callers with a few fixed numbers of them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from tts_core.models.gpt_sovits.layers import FusedConv1d
from tts_core.models.gpt_sovits.packed.linear import Activation, packed_product, packed_weight

_MOST_FRAMES = 1024
"""Of a linear layer over gathered frames: more would take more memory, and machine code for each number."""


class PackedConv1d(nn.Module):
    """Computes what the given convolution does, for any number of frames. Keeps nothing of it but its bias.

    Attributes:
        weight: the packed weights, opaque but for their dtype, device and number of elements.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, conv: nn.Conv1d) -> None:
        super().__init__()
        self._kernel, self._dilation, self._stride = conv.kernel_size[0], conv.dilation[0], conv.stride[0]
        self._padding = _margin(conv)
        flat = conv.weight.detach().transpose(1, 2).flatten(1)
        self.register_buffer("weight", packed_weight(flat), persistent=False)
        self.register_buffer("bias", _bias(conv), persistent=False)
        self._activation = _activation(conv)

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Return activation(conv(x)), or conv(x) + residual, for (rows, channels, frames)."""
        frames = self._gathered(x.transpose(1, 2))
        added = None if residual is None else residual.transpose(1, 2)
        count = frames.shape[1]
        if count <= _MOST_FRAMES:
            return self._product(frames, added).transpose(1, 2)
        pieces = [slice(start, start + _MOST_FRAMES) for start in range(0, count, _MOST_FRAMES)]
        outs = [self._product(frames[:, i], None if added is None else added[:, i]) for i in pieces]
        return torch.cat(outs, 1).transpose(1, 2)

    def _gathered(self, x: Tensor) -> Tensor:
        """Return a view (rows, frames, kernel, channels): what each output frame is made of."""
        padded = pad(x, (0, 0, self._padding, self._padding)).contiguous()
        rows, length, channels = padded.shape
        count = (length - self._dilation * (self._kernel - 1) - 1) // self._stride + 1
        strides = (padded.stride(0), self._stride * channels, self._dilation * channels, 1)
        return padded.as_strided((rows, count, self._kernel, channels), strides, padded.storage_offset())

    def _product(self, frames: Tensor, residual: Tensor | None) -> Tensor:
        return packed_product(frames.flatten(2), self.weight, self.bias, self._activation, residual)


class PackedWindowConv1d(nn.Module):
    """The same as a convolution. Slow where the number of frames is far from `typical_frames`."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, conv: nn.Conv1d, typical_frames: int) -> None:
        super().__init__()
        self._settings = ([0, _margin(conv)], [1, conv.stride[0]], [1, conv.dilation[0]], 1)
        packed = torch.ops.mkldnn._reorder_convolution_weight(
            conv.weight.detach().unsqueeze(2), *self._settings, [1, conv.in_channels, 1, typical_frames]
        )
        self.register_buffer("weight", packed, persistent=False)
        self.register_buffer("bias", _bias(conv), persistent=False)
        self._activation = _activation(conv)

    def forward(self, x: Tensor, residual: Tensor | None = None) -> Tensor:
        """Return activation(conv(x)), or conv(x) + residual, for (rows, channels, frames)."""
        convolve = torch.ops.mkldnn._convolution_pointwise
        image, weights = _image(x), (self.weight, self.bias, *self._settings)
        if residual is None:
            out: Tensor = convolve(image, *weights, *self._activation, "")
        else:
            out = convolve.binary(image, _image(residual), *weights, "add", 1.0, None, [], None)
        return out.squeeze(2)


class PackedConvTranspose1d(nn.Module):
    """Computes what the given transposed convolution does. Keeps nothing of it but its bias."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, conv: nn.ConvTranspose1d, typical_frames: int) -> None:
        super().__init__()
        self._settings = ([0, int(conv.padding[0])], [0, 0], [1, conv.stride[0]], [1, 1], 1)
        packed = torch.ops.mkldnn._reorder_convolution_transpose_weight(
            conv.weight.detach().unsqueeze(2), *self._settings, [1, conv.in_channels, 1, typical_frames]
        )
        self.register_buffer("weight", packed, persistent=False)
        self.register_buffer("bias", _bias(conv), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (rows, out_channels, frames * stride but for margins) for (rows, in_channels, frames)."""
        convolve = torch.ops.mkldnn._convolution_transpose_pointwise
        out: Tensor = convolve(_image(x), self.weight, self.bias, *self._settings, "none", [], "")
        return out.squeeze(2)


def is_packable(conv: nn.Conv1d | nn.ConvTranspose1d) -> bool:
    """Return whether the packed forms compute this convolution: one group, zeros for margins."""
    if conv.groups != 1 or conv.padding_mode != "zeros" or isinstance(conv.padding, str):
        return False
    return isinstance(conv, nn.Conv1d) or (conv.dilation == (1,) and conv.output_padding == (0,))


def _image(x: Tensor) -> Tensor:
    """Return (rows, channels, frames) as (rows, channels, 1, frames), a frame's channels lying together."""
    return x.unsqueeze(2).contiguous(memory_format=torch.channels_last)


def _margin(conv: nn.Conv1d) -> int:
    return int(conv.padding[0])


def _bias(conv: nn.Conv1d | nn.ConvTranspose1d) -> Tensor | None:
    return None if conv.bias is None else conv.bias.detach()


def _activation(conv: nn.Conv1d) -> Activation:
    if not isinstance(conv, FusedConv1d) or conv.slope is None:
        return "none", []
    return ("relu", []) if conv.slope == 0 else ("leaky_relu", [conv.slope])
