"""How clients read what they get, and whether it is speech."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from tests.support.decoding import Samples, decode

VOICE = "demo.wav"
"""The reference that the server is configured to know (see `tests.support.server`)."""
SAYS = "Hello there, this is a test."


def assert_speech(samples: Samples, rate_hz: int, at_least_s: float = 0.5) -> None:
    assert len(samples) / rate_hz >= at_least_s
    assert np.abs(samples).max() > 0.02


def assert_file(data: bytes, at_least_s: float = 0.5) -> None:
    """A client saved this, and plays it."""
    samples, rate_hz = decode(data)
    assert_speech(samples, rate_hz, at_least_s)


def read_ogg(chunk: bytes) -> tuple[Samples, int]:
    """Open one HTTP chunk as a file, as LiveTalking does."""
    samples, rate_hz = soundfile.read(io.BytesIO(chunk))
    return np.asarray(samples, dtype=np.float64), rate_hz
