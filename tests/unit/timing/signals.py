"""Audio of which one knows when each word is said: tones for words, silence between them."""

from __future__ import annotations

import numpy as np

RATE_HZ = 16_000


def tone(seconds: float) -> bytes:
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (12_000 * np.sin(2 * np.pi * 330 * times)).astype("<i2").tobytes()


def silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * RATE_HZ))
