"""A sound with the shape of speech, and how close another one is to it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def speech_like(rate_hz: int, duration_s: float = 1.0) -> NDArray[np.int16]:
    """Return a gliding voice, harmonics below 4 kHz, four syllables a second, loud from its first sample."""
    time_s = np.arange(round(rate_hz * duration_s)) / rate_hz
    phase = 2 * np.pi * (140 * time_s + 30 * np.sin(2 * np.pi * 0.7 * time_s))
    harmonic = np.arange(1, 20)[:, None]
    voice: NDArray[np.float64] = (np.cos(harmonic * phase + harmonic**2) / harmonic).sum(axis=0)
    loudness = 0.55 + 0.45 * np.cos(2 * np.pi * 4 * time_s)
    samples: NDArray[np.int16] = np.round(6000 * voice * loudness).astype(np.int16)
    return samples


def sine(rate_hz: int, frequency_hz: float, duration_s: float = 1.0) -> NDArray[np.int16]:
    time_s = np.arange(round(rate_hz * duration_s)) / rate_hz
    return np.round(30000 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.int16)


def best_alignment(wanted: NDArray[Any], got: NDArray[Any]) -> tuple[int, float]:
    """Return by how many samples `got` lags, and the correlation coefficient once that is undone."""
    size = 1 << (wanted.size + got.size).bit_length()
    spectrum = np.conj(np.fft.rfft(wanted, size)) * np.fft.rfft(got, size)
    lag = int(np.argmax(np.fft.irfft(spectrum, size)[: size // 2]))
    length = min(wanted.size, got.size - lag)
    return lag, float(np.corrcoef(wanted[:length], got[lag : lag + length])[0, 1])
