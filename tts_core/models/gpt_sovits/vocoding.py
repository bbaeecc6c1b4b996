"""From a segment's tokens to PCM: latents once, then the generator over windows of a few fixed sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.noise import Purpose, normal, seed_word
from tts_core.models.gpt_sovits.sovits import SoVITS, Style, num_frames, run_window

WINDOW_FRAMES = (16, 32, 64, 128)
"""All sizes of window, 50 frames a second. The first ones of a request are small, since a listener waits."""

_FULL_SCALE = 32767


@dataclass(frozen=True)
class SegmentCodes:
    """What a segment is made of, and where its noise comes from.

    Attributes:
        codes: semantic tokens, without the prompt's.
        phones: ids of the target text, without the prompt's.
        seed: of the request.
        segment: position in the request.
    """

    codes: Sequence[int]
    phones: Sequence[int]
    seed: int
    segment: int


@torch.inference_mode()
def latents_of(
    sovits: SoVITS, segment: SegmentCodes, style: Style, speed: float, noise_scale: float
) -> Tensor:
    """Return the segment's latents (1, latent_channels, frames). Noise is tied to frames."""
    device = sovits.device
    codes = torch.tensor([list(segment.codes)], device=device)
    phones = torch.tensor([list(segment.phones)], device=device)
    code_lengths, phone_lengths = (torch.tensor([row.shape[1]], device=device) for row in (codes, phones))
    frames = num_frames(len(segment.codes), speed)
    stretched = None if speed == 1 else torch.tensor([frames], device=device)
    prior = sovits.prior(codes, code_lengths, phones, phone_lengths, style, stretched, frames)
    positions = torch.arange(frames, device=device)
    seeds = torch.full_like(positions, seed_word(segment.seed))
    segments = torch.full_like(positions, segment.segment)
    noise = normal(seeds, segments, Purpose.LATENT, positions, sovits.config.latent_channels)
    return sovits.latents(prior, noise.T.unsqueeze(0), noise_scale, style)


def plan_windows(frames: int, *, is_first: bool) -> Iterator[tuple[int, int]]:
    """Yield (start, size) of windows that cover `frames`. Bytes depend on them, so on nothing else may they.

    A request's first segment begins with the smallest size and doubles it; other segments begin with the
    largest. The last window is of the smallest size that suffices.
    """
    start, level = 0, 0 if is_first else len(WINDOW_FRAMES) - 1
    while start < frames:
        rest = frames - start
        size = next((size for size in WINDOW_FRAMES[:level] if size >= rest), WINDOW_FRAMES[level])
        yield start, size
        start += size
        level = min(level + 1, len(WINDOW_FRAMES) - 1)


def speak_window(sovits: SoVITS, latents: Tensor, style: Style, start: int, size: int) -> bytes:
    """Return the PCM of one window.

    Raises:
        FloatingPointError: the model gave no finite audio.
    """
    audio = run_window(sovits.generator, latents, style.audio, start, size)[0].float()
    if not audio.isfinite().all():
        raise FloatingPointError(f"the model's audio is not finite from frame {start}")
    return to_pcm(audio)


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
