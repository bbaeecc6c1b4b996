"""Samples as bytes, at one loudness."""

from __future__ import annotations

import torch
from torch import Tensor

_FULL_SCALE = 32767


def to_pcm(audio: Tensor) -> bytes:
    """Return (samples,) as 16-bit little-endian PCM.

    The one loudness policy: a fixed gain of 1 for every request, chunk and voice, and a hard limit at full
    scale. The generator's tanh keeps within it; nothing is normalised, and nothing wraps around.
    """
    scaled = (audio.clamp(-1, 1) * _FULL_SCALE).round().to(torch.int16)
    return scaled.cpu().numpy().astype("<i2").tobytes()


def silence(num_samples: int) -> bytes:
    """Return that many samples of nothing."""
    return bytes(2 * num_samples)
