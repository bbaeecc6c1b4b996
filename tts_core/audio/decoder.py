"""Encoded audio, from a listener's upload or from ourselves, as mono samples."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.container
import numpy as np
from numpy.typing import NDArray

from tts_core.audio.resampler import Resampler
from tts_core.errors import InvalidParameter

Source = bytes | bytearray | BinaryIO | str | os.PathLike[str]

# Only formats that hold their sound themselves: a playlist could make libav open other files or addresses.
_DEMUXERS = "wav,w64,aiff,flac,mp3,ogg,aac,mov,mp4,m4a,matroska,webm,caf,amr"
CONTAINED = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "none"}
"""What to open a file with that comes from outside."""


@dataclass(frozen=True, eq=False)
class Pcm:
    """Mono sound.

    Attributes:
        samples: float32, shape (n,), full scale at 1.
        rate_hz: sample rate.
    """

    samples: NDArray[np.float32]
    rate_hz: int

    @property
    def duration_s(self) -> float:
        return float(self.samples.size / self.rate_hz)

    def to_s16le(self) -> bytes:
        """Return 16-bit little-endian PCM, rounded and clipped; what was 16-bit comes back exactly."""
        scaled = np.rint(self.samples * np.float32(32768))
        pcm: bytes = np.clip(scaled, -32768, 32767).astype("<i2").tobytes()
        return pcm


def decode(source: Source, rate_hz: int | None = None, max_duration_s: float | None = None) -> Pcm:
    """Decode the first audio stream of a file, mixed down to mono.

    Args:
        source: the file's bytes, an open binary file, or a path.
        rate_hz: rate of the result; by default the file's own.
        max_duration_s: refuse more, before it fills the memory.

    Raises:
        InvalidParameter: not audio, damaged so that libav notices, empty, or too long.
        OSError: the path can't be read.
    """
    try:
        pcm = _decode(source, max_duration_s, is_prefix=False)
    except (av.FFmpegError, ValueError) as error:
        raise InvalidParameter(f"the data can't be decoded as audio: {_reason(error)}") from error
    return pcm if rate_hz is None else _resampled(pcm, rate_hz)


def decode_prefix(source: Source) -> Pcm:
    """Decode as much as the first part of a stream holds: what a listener could have heard by then.

    Nothing at all, at 1 Hz, where not even the header is complete.
    """
    try:
        return _decode(source, None, is_prefix=True)
    except (av.FFmpegError, ValueError, InvalidParameter):
        return Pcm(np.empty(0, np.float32), 1)


def _decode(source: Source, max_duration_s: float | None, *, is_prefix: bool) -> Pcm:
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as opened:  # never libav's own open, which takes addresses too
            return _decode(opened, max_duration_s, is_prefix=is_prefix)
    file = io.BytesIO(source) if isinstance(source, (bytes, bytearray)) else source
    pieces: list[NDArray[np.float32]] = []
    num_samples = rate_hz = 0
    with av.open(file, "r", options=dict(CONTAINED)) as container:
        for frame in _frames(container, is_prefix=is_prefix):
            if frame.sample_rate != (rate_hz or frame.sample_rate):
                raise ValueError("its sample rate changes on the way")
            rate_hz = frame.sample_rate
            num_samples += frame.samples
            if max_duration_s is not None and num_samples > max_duration_s * rate_hz:
                raise InvalidParameter(f"the audio is longer than {max_duration_s:g} s")
            pieces.append(_mono(frame))
    if not num_samples:
        raise ValueError("it holds no sound")
    return Pcm(np.concatenate(pieces), rate_hz)


def _frames(container: av.container.InputContainer, *, is_prefix: bool) -> Iterator[av.AudioFrame]:
    if not container.streams.audio:
        raise ValueError("it has no audio stream")
    try:
        yield from container.decode(container.streams.audio[0])
    except av.FFmpegError:
        if not is_prefix:
            raise


def _mono(frame: av.AudioFrame) -> NDArray[np.float32]:
    """Return the mean of a frame's channels, shape (n,), full scale at 1."""
    data: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if data.dtype == np.uint8:
        data = (data.astype(np.float32) - 128) / 128
    elif data.dtype.kind == "i":
        data = data / float(1 << (8 * data.itemsize - 1))
    mean: NDArray[np.float32] = data.mean(axis=0).astype(np.float32)
    return mean


def _resampled(pcm: Pcm, rate_hz: int) -> Pcm:
    resampler = Resampler(pcm.rate_hz, rate_hz, np.float32)
    return Pcm(np.concatenate([resampler.push(pcm.samples), resampler.finish()]), rate_hz)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, av.FFmpegError) else None) or str(error)
