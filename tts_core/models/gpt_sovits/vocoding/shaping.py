"""Semantic tokens to latents: of a whole segment, or of its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.noise import Purpose, normal, seed_word
from tts_core.models.gpt_sovits.sovits import Prior, SoVITS, Style, num_frames


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
    frames = num_frames(len(codes), voice.speed)
    prior = _prior(sovits, voice, codes, None if voice.speed == 1 else frames)
    return sovits.latents(prior, _noise(sovits, voice, frames), voice.noise_scale, voice.style)


@torch.inference_mode()
def anchored_latents_of(sovits: SoVITS, voice: SegmentVoice, codes: Sequence[int]) -> Tensor:
    """Return the same for a prefix, or for what follows one: a frame is the same moment in both.

    At a speed other than 1, `latents_of` stretches by a ratio of whole lengths, so that a frame of a prefix
    can lie up to one frame away from where it lies in the whole. Here the ratio is the speed itself, and the
    number of frames the same.
    """
    frames = num_frames(len(codes), voice.speed)
    prior = _prior(sovits, voice, codes, None)
    if voice.speed != 1:
        # Stretched after the projection to mean and scale instead of before: it is linear, frame by frame.
        mean, log_scale = (stretch(part, voice.speed, frames) for part in (prior.mean, prior.log_scale))
        prior = Prior(mean=mean, log_scale=log_scale, mask=torch.ones_like(mean[:, :1]))
    return sovits.latents(prior, _noise(sovits, voice, frames), voice.noise_scale, voice.style)


def stretch(x: Tensor, speed: float, num_frames: int) -> Tensor:
    """Return (rows, C, num_frames) that runs through (rows, C, T) at `speed`, linearly interpolated.

    Frame i is centred on (i + 0.5) x speed - 0.5 whatever T is; what lies beyond either end is held.
    """
    index = torch.arange(num_frames, device=x.device, dtype=torch.float32)
    position = ((index + 0.5) * speed - 0.5).clamp(0, x.shape[2] - 1)
    left = position.long()
    right = (left + 1).clamp(max=x.shape[2] - 1)
    weight = (position - left).to(x.dtype)
    return x[:, :, left] * (1 - weight) + x[:, :, right] * weight


def _prior(sovits: SoVITS, voice: SegmentVoice, codes: Sequence[int], frames: int | None) -> Prior:
    device = sovits.device
    tokens = torch.tensor([list(codes)], device=device)
    phones = torch.tensor([list(voice.phones)], device=device)
    token_lengths, phone_lengths = (torch.full((1,), row.shape[1], device=device) for row in (tokens, phones))
    stretched = None if frames is None else torch.full((1,), frames, device=device)
    return sovits.prior(tokens, token_lengths, phones, phone_lengths, voice.style, stretched, frames)


def _noise(sovits: SoVITS, voice: SegmentVoice, frames: int) -> Tensor:
    """Return (1, latent_channels, frames): a function of the seed, the segment and each frame's place."""
    positions = torch.arange(frames, device=sovits.device)
    seeds = torch.full_like(positions, seed_word(voice.seed))
    segments = torch.full_like(positions, voice.segment)
    noise = normal(seeds, segments, Purpose.LATENT, positions, sovits.config.latent_channels)
    return noise.T.unsqueeze(0)
