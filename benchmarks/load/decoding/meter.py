"""Counts decoded audio and finds the first sample that can be heard."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class UndecodableAudio(ValueError):
    """The body is not audio of the format that was asked for."""


class Decoder(Protocol):
    """Turns body bytes into audio, as soon as they allow it."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body. Raises UndecodableAudio."""

    def finish(self) -> bool:
        """Take the end of the body; return whether it came too early. Raises UndecodableAudio."""


class AudioMeter:
    """What has been decoded so far.

    Attributes:
        audio_s: seconds of audio decoded.
        audible_offset_s: position of the first audible sample in the audio, None until there is one.
    """

    def __init__(self, audible_dbfs: float) -> None:
        self.audio_s = 0.0
        self.audible_offset_s: float | None = None
        self._threshold = 10.0 ** (audible_dbfs / 20.0)
        self._counts: dict[int, int] = {}

    @property
    def is_audible(self) -> bool:
        """Tell whether the first audible sample has been found, after which samples need no scanning."""
        return self.audible_offset_s is not None

    def add(self, samples: NDArray[Any], rate_hz: int) -> None:
        """Count samples of shape (frames,) or (frames, channels): integers, or floats with full scale 1."""
        if not self.is_audible and len(samples):
            self._scan(samples, rate_hz)
        self.add_unscanned(len(samples), rate_hz)

    def add_unscanned(self, num_frames: int, rate_hz: int) -> None:
        """Count frames whose samples no longer matter. Whole numbers per rate, so nothing drifts."""
        self._counts[rate_hz] = self._counts.get(rate_hz, 0) + num_frames
        self.audio_s = sum(count / rate for rate, count in self._counts.items())

    def _scan(self, samples: NDArray[Any], rate_hz: int) -> None:
        full_scale = 1.0 if samples.dtype.kind == "f" else -float(np.iinfo(samples.dtype).min)
        # float64, because the magnitude of the most negative integer does not fit its own type
        magnitudes = np.abs(samples.astype(np.float64))
        if magnitudes.ndim == 2:
            magnitudes = magnitudes.max(axis=1)
        loud = magnitudes > self._threshold * full_scale
        first = int(loud.argmax())
        if loud[first]:
            self.audible_offset_s = self.audio_s + first / rate_hz
