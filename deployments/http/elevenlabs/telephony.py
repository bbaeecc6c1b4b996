"""The 8-bit codes of telephony: µ-law and A-law (ITU-T G.711), 8 kHz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tts_core.audio.encoder import StreamEncoder, samples_from_pcm
from tts_core.audio.formats import AudioFormat

RATE_HZ = 8000
_BIAS = 132
_CLIP = 32_635

Law = Callable[[NDArray[np.int16]], NDArray[np.uint8]]


def mu_law(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return the µ-law code of each sample: sign, exponent and mantissa, inverted (G.711, table 2a)."""
    wide = samples.astype(np.int32)
    magnitude = np.minimum(np.abs(wide), _CLIP) + _BIAS
    exponent = _exponent(magnitude, first_bit=7)
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(wide < 0, 0x80, 0)
    code: NDArray[np.int32] = ~(sign | (exponent << 4) | mantissa) & 0xFF
    return code.astype(np.uint8)


def a_law(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return the A-law code of each sample, even bits inverted (G.711, table 1a)."""
    wide = samples.astype(np.int32) >> 3
    magnitude = np.where(wide < 0, -wide - 1, wide)
    exponent = _exponent(magnitude, first_bit=4)
    mantissa = np.where(exponent > 0, magnitude >> exponent, magnitude >> 1) & 0x0F
    sign = np.where(wide < 0, 0, 0x80)
    code: NDArray[np.int32] = (sign | (exponent << 4) | mantissa) ^ 0x55
    return code.astype(np.uint8)


def _exponent(magnitude: NDArray[np.int32], first_bit: int) -> NDArray[np.int32]:
    """Return by how many bits each magnitude reaches above `first_bit`, 7 at most."""
    exponent = np.zeros_like(magnitude)
    for bit in range(first_bit + 1, first_bit + 8):
        exponent += magnitude >= 1 << bit
    return exponent


class LawEncoder:
    """PCM of any rate to one of the two laws.

    Args:
        law: which.
        input_rate_hz: rate of the mono s16le PCM that will come.
        num_skipped: how many samples of the output to leave out at its beginning.
    """

    def __init__(self, law: Law, input_rate_hz: int, num_skipped: int = 0) -> None:
        self._law = law
        self._resampled = StreamEncoder(AudioFormat.PCM, input_rate_hz, RATE_HZ, num_skipped=num_skipped)

    def encode(self, pcm: bytes) -> bytes:
        return self._law(samples_from_pcm(self._resampled.encode(pcm))).tobytes()

    def finish(self) -> bytes:
        return self._law(samples_from_pcm(self._resampled.finish())).tobytes()

    def close(self) -> None:
        self._resampled.close()
