"""Kaldi's log mel filter banks, with its defaults and without dither."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

SAMPLE_RATE_HZ = 16_000
FRAME_SAMPLES = 400
HOP_SAMPLES = 160
FFT_SAMPLES = 512
NUM_MEL_BINS = 80
_LOWEST_HZ = 20.0
_PRE_EMPHASIS = 0.97
_POVEY_POWER = 0.85


@torch.inference_mode()
def kaldi_fbank(recording: Tensor) -> Tensor:
    """Return (frames, 80) log energies of a mono recording (samples,) at 16 kHz.

    Frames of 25 ms every 10 ms, none beyond the ends; each without its mean, pre-emphasised by 0.97, under a
    Povey window; energies of the power spectrum, floored at the float32 epsilon.

    Raises:
        ValueError: the recording is not mono, or shorter than one frame.
    """
    if recording.dim() != 1 or len(recording) < FRAME_SAMPLES:
        raise ValueError(
            f"Expected {FRAME_SAMPLES} mono samples or more; found shape {tuple(recording.shape)}."
        )
    frames = recording.float().unfold(0, FRAME_SAMPLES, HOP_SAMPLES)
    frames = frames - frames.mean(dim=1, keepdim=True)
    previous = torch.cat((frames[:, :1], frames[:, :-1]), dim=1)
    emphasised = frames - _PRE_EMPHASIS * previous
    window = torch.hann_window(FRAME_SAMPLES, periodic=False, device=frames.device) ** _POVEY_POWER
    power = torch.fft.rfft(emphasised * window, n=FFT_SAMPLES).abs().square()
    energies: Tensor = power @ mel_filters().to(frames.device).T
    return energies.clamp(min=torch.finfo(torch.float32).eps).log()


def mel_filters() -> Tensor:
    """Return (80, 257) triangles, equally spaced and equally high on the mel scale of 20 to 8,000 Hz."""
    lowest, highest = _mel(_LOWEST_HZ), _mel(SAMPLE_RATE_HZ / 2)
    step = (highest - lowest) / (NUM_MEL_BINS + 1)
    left = lowest + step * torch.arange(NUM_MEL_BINS).unsqueeze(1)
    hertz = torch.arange(FFT_SAMPLES // 2) * (SAMPLE_RATE_HZ / FFT_SAMPLES)
    mels = 1127.0 * (1.0 + hertz / 700.0).log()
    rising, falling = (mels - left) / step, (left + 2 * step - mels) / step
    # Kaldi gives the bin at half the sample rate no weight.
    return pad(torch.minimum(rising, falling).clamp(min=0), (0, 1))


def _mel(hertz: float) -> float:
    return 1127.0 * math.log(1.0 + hertz / 700.0)
