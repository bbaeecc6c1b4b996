"""Where audio is silent, in frames of 10 ms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.01
_BELOW_SPEECH_DB = 35.0
_LEAST_RMS = 30.0
"""Of 32,767: what is quieter is silence, however quiet the speech."""


class Run(NamedTuple):
    """Consecutive frames, from `start` to before `end`."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def frame_samples(rate_hz: int) -> int:
    """Return how many samples a frame has."""
    return max(1, round(rate_hz * FRAME_S))


def silent_frames(pcm: bytes, rate_hz: int) -> NDArray[np.bool_]:
    """Return for each frame of mono 16-bit PCM whether it is silent; the last one may be shorter.

    Silent is 35 dB below the loud parts of the speech (the 95th percentile of the frames' level), or next to
    nothing.
    """
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    size = frame_samples(rate_hz)
    starts = np.arange(0, len(samples), size)
    if not len(starts):
        return np.zeros(0, np.bool_)
    energy = np.add.reduceat(samples**2, starts)
    counts = np.diff(np.append(starts, len(samples)))
    rms = np.sqrt(energy / counts)
    threshold = max(_LEAST_RMS, float(np.percentile(rms, 95)) * 10 ** (-_BELOW_SPEECH_DB / 20))
    return np.asarray(rms < threshold)


def runs_of(flags: NDArray[np.bool_]) -> list[Run]:
    """Return the runs of true flags, in order."""
    padded = np.concatenate(([False], flags, [False])).astype(np.int8)
    edges = np.flatnonzero(np.diff(padded))
    return [Run(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
