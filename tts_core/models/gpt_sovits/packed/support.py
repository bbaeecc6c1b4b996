"""Whether this torch, on this machine, computes with packed weights."""

from __future__ import annotations

import functools
import logging
import math
import os
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tts_core.models.gpt_sovits.packed.conv import PackedConv1d, PackedConvTranspose1d, PackedWindowConv1d
from tts_core.models.gpt_sovits.packed.linear import PackedLinear

_log = logging.getLogger(__name__)

_OPERATIONS = (
    "_reorder_linear_weight",
    "_linear_pointwise",
    "_reorder_convolution_weight",
    "_convolution_pointwise",
    "_convolution_pointwise_",
    "_reorder_convolution_transpose_weight",
    "_convolution_transpose_pointwise",
)
_CAPACITY_VARIABLE = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
_CAPACITY = 512
"""Pieces of machine code to keep, about half a megabyte each. Four sizes of window need 270 of them, batches
of up to 8 rows 50; the rest is for prompts and segments of common lengths. oneDNN's own bound is 1024."""

_CHANNELS = 16
_FRAMES = 8
_TOLERANCE = 0.05


def can_pack(dtype: torch.dtype, device: torch.device | str) -> bool:
    """Return whether weights of `dtype` can be packed. Where not, the reason is logged once.

    Before anything is computed, it also bounds what oneDNN remembers, where the environment doesn't say.
    """
    os.environ.setdefault(_CAPACITY_VARIABLE, str(_CAPACITY))
    return torch.device(device).type == "cpu" and _supports(dtype)


@functools.cache
def _supports(dtype: torch.dtype) -> bool:
    reason = _obstacle(dtype)
    if reason is not None:
        _log.warning("weights in %s stay unpacked, which is slower: %s", dtype, reason)
    return reason is None


def _obstacle(dtype: torch.dtype) -> str | None:
    """Return what stands in the way. The operations are not public: they may be gone, or be different."""
    if dtype not in (torch.float32, torch.bfloat16):
        return "only float32 and bfloat16 can be packed"
    if not torch._C._has_mkldnn:
        return "this torch comes without oneDNN"
    missing = [name for name in _OPERATIONS if not hasattr(torch.ops.mkldnn, name)]
    if missing:
        return f"this torch lacks {', '.join(missing)}"
    if dtype is torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "this processor lacks AVX-512"
    try:
        _try(dtype)
    except Exception as error:  # whatever they raise, the plain modules do without them
        return f"a trial failed: {error}"
    return None


@torch.inference_mode()
def _try(dtype: torch.dtype) -> None:
    """Compute one small product of each kind.

    Raises:
        ArithmeticError: a result is wrong.
    """
    linear = nn.Linear(_CHANNELS, _CHANNELS, dtype=dtype)
    conv = nn.Conv1d(_CHANNELS, _CHANNELS, 3, padding=1, dtype=dtype)
    transpose = nn.ConvTranspose1d(_CHANNELS, _CHANNELS, 4, 2, padding=1, dtype=dtype)
    for parameter in (*linear.parameters(), *conv.parameters(), *transpose.parameters()):
        parameter.copy_(_ramp(parameter.shape, dtype))
    rows, frames = _ramp((_FRAMES, _CHANNELS), dtype), _ramp((2, _CHANNELS, _FRAMES), dtype)
    packed_linear, packed_conv = PackedLinear(linear), PackedConv1d(conv)
    packed_window, packed_transpose = (
        PackedWindowConv1d(conv, _FRAMES),
        PackedConvTranspose1d(transpose, _FRAMES),
    )
    pairs = (
        (linear(rows), packed_linear(rows)),
        (linear(rows) + rows, packed_linear(rows, rows)),
        (conv(frames), packed_conv(frames)),
        (conv(frames) + frames, packed_conv(frames, frames)),
        (conv(frames), packed_window(frames)),
        (conv(frames) + frames, packed_window(frames, frames)),
        (transpose(frames), packed_transpose(frames)),
    )
    for expected, found in pairs:
        if not torch.allclose(found.float(), expected.float(), rtol=_TOLERANCE, atol=_TOLERANCE):
            raise ArithmeticError("a packed product differs from the plain one")


def _ramp(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return values between -0.5 and 0.5 without drawing from anybody's random numbers."""
    return (torch.arange(math.prod(shape)) * 7 % 17 / 16 - 0.5).view(shape).to(dtype)
