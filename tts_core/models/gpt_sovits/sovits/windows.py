"""The generator over windows: joined, they are the whole."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from tts_core.models.gpt_sovits.sovits.generator import Generator


@dataclass(frozen=True)
class Window:
    """A piece of latents of a fixed shape, with its context.

    Attributes:
        latents: (1, latent_channels, context + num_frames + context), zeros beyond the sequence's ends.
        mask: (1, 1, the same), 1 where the sequence has frames; None where it has them all.
        context: frames on either side that belong to the neighbours.
    """

    latents: Tensor
    mask: Tensor | None
    context: int


def cut_window(latents: Tensor, start: int, num_frames: int, context: int) -> Window:
    """Cut frames `start` to `start + num_frames` of (1, latent_channels, frames), with context on both sides.

    The shape depends on `num_frames` and `context` alone: what lies beyond either end is masked.
    """
    first, last = start - context, start + num_frames + context
    frames = latents.shape[2]
    kept = latents[:, :, max(first, 0) : min(last, frames)]
    margins = max(-first, 0), max(last - max(frames, first), 0)
    if not any(margins):
        return Window(latents=kept, mask=None, context=context)
    mask = pad(torch.ones_like(kept[:, :1]), margins)
    return Window(latents=pad(kept, margins), mask=mask, context=context)


@torch.inference_mode()
def run_window(generator: Generator, latents: Tensor, style: Tensor, start: int, num_frames: int) -> Tensor:
    """Return (1, samples) of audio for frames `start` to `start + num_frames`, ending where the latents end.

    Windows that touch can be joined without a seam: each equals that part of the whole, but for rounding.
    """
    window = cut_window(latents, start, num_frames, generator.receptive_field_frames)
    audio: Tensor = generator(window.latents, style, window.mask, window.context)
    real = min(num_frames, latents.shape[2] - start)
    return audio[:, : real * generator.config.hop_samples]
