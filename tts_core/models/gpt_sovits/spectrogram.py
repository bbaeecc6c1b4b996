"""The reference recording's spectrogram, as the style encoder reads it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from tts_core.models.gpt_sovits.config import SoVITSConfig

_FLOOR = 1e-8
_LOUDEST_DIVISOR = 2.0


@torch.inference_mode()
def reference_spectrogram(recording: Tensor, config: SoVITSConfig) -> Tensor:
    """Return (1, bins, frames) magnitudes of a mono recording (samples,) at the model's sample rate.

    A recording that exceeds full scale is divided by its peak, but by 2 at most. The edges are mirrored so
    that every hop has a frame; the window is Hann; a magnitude is sqrt(re² + im² + 1e-8).

    Raises:
        ValueError: the recording is not mono, or too short for its edges to be mirrored.
    """
    margin = (config.fft_samples - config.hop_samples) // 2
    if recording.dim() != 1 or len(recording) <= margin:
        raise ValueError(f"Expected more than {margin} mono samples; found shape {tuple(recording.shape)}.")
    recording = recording.float()
    peak = recording.abs().max().clamp(1.0, _LOUDEST_DIVISOR)
    padded = pad((recording / peak).view(1, 1, -1), (margin, margin), mode="reflect").squeeze(1)
    window = torch.hann_window(config.fft_samples, device=recording.device)
    bins = torch.stft(
        padded, config.fft_samples, config.hop_samples, window=window, center=False, return_complex=True
    )
    return (bins.real.square() + bins.imag.square() + _FLOOR).sqrt()
