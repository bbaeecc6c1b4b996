"""Semantic tokens to latents: of a whole segment, or of its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.noise import Purpose, normal, seed_word
from tts_core.models.gpt_sovits.sovits import SoVITS, Style, num_frames


@dataclass(frozen=True)
class SegmentVoice:
    """What stays the same while a segment is spoken: how it sounds, and where its noise comes from.

    Attributes:
        phones: ids of the target text, without the prompt's.
        style: of the voice.
        seed: of the request.
        segment: position in the request.
        speed: 1.0 is the voice's own rate; 2.0 takes half the time.
        noise_scale: how much latents vary.
    """

    phones: Sequence[int]
    style: Style
    seed: int
    segment: int
    speed: float
    noise_scale: float


@torch.inference_mode()
def latents_of(sovits: SoVITS, voice: SegmentVoice, codes: Sequence[int]) -> Tensor:
    """Return the latents (1, latent_channels, frames) of a whole segment. Noise is tied to frames.

    Args:
        codes: semantic tokens, without the prompt's.
    """
    device = sovits.device
    tokens = torch.tensor([list(codes)], device=device)
    phones = torch.tensor([list(voice.phones)], device=device)
    token_lengths, phone_lengths = (torch.tensor([row.shape[1]], device=device) for row in (tokens, phones))
    frames = num_frames(len(codes), voice.speed)
    stretched = None if voice.speed == 1 else torch.tensor([frames], device=device)
    prior = sovits.prior(tokens, token_lengths, phones, phone_lengths, voice.style, stretched, frames)
    return sovits.latents(prior, _noise(sovits, voice, frames), voice.noise_scale, voice.style)


def _noise(sovits: SoVITS, voice: SegmentVoice, frames: int) -> Tensor:
    """Return (1, latent_channels, frames): a function of the seed, the segment and each frame's place."""
    positions = torch.arange(frames, device=sovits.device)
    seeds = torch.full_like(positions, seed_word(voice.seed))
    segments = torch.full_like(positions, voice.segment)
    noise = normal(seeds, segments, Purpose.LATENT, positions, sovits.config.latent_channels)
    return noise.T.unsqueeze(0)
