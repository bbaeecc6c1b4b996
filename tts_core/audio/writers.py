"""From samples at the final rate to the bytes of one format. No resampling and no counting happens here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from fractions import Fraction
from typing import Protocol

import av
import av.container
import numpy as np
from numpy.typing import NDArray

from tts_core.audio._libav import without_thread_pool
from tts_core.audio.formats import CodecSpec, FormatSpec
from tts_core.audio.wav import wav_header

Samples = NDArray[np.int16]

# Bounds libav's working memory when someone encodes an hour in one call.
_MAX_FRAME_SAMPLES = 48_000


class Writer(Protocol):
    """One file in the making."""

    def write(self, samples: Samples) -> bytes:
        """Take samples, shape (n,), n > 0, and return the bytes that are ready."""
        ...

    def finish(self) -> bytes:
        """Return the rest of the file. Nothing else may be called afterwards but `close`."""
        ...

    def close(self) -> None:
        """Release what the writer holds; may be called at any time and more than once."""
        ...


def open_writer(spec: FormatSpec, rate_hz: int, total_samples: int | None, serial: int = 0) -> Writer:
    """Return the writer of a format.

    Args:
        spec: the format.
        rate_hz: one of the rates that the format allows.
        total_samples: how many will be written, where that is known; for headers that say so.
        serial: number of the logical stream in an Ogg file, so that joined files are a valid chain.
    """
    if spec.codec is None:
        return PlainWriter(wav_header(rate_hz, total_samples) if spec.extension == "wav" else b"")
    if spec.codec.container == "flac":
        return FlacWriter(spec.codec, rate_hz, total_samples)
    muxer_options = {"serial_offset": str(serial)} if spec.codec.container == "ogg" else {}
    return CodecWriter(spec.codec, rate_hz, muxer_options)


class PlainWriter:
    """PCM as it is, behind a header that may be empty. No delay."""

    def __init__(self, header: bytes) -> None:
        self._header = header

    def write(self, samples: Samples) -> bytes:
        header, self._header = self._header, b""
        return header + samples.astype("<i2", copy=False).tobytes()

    def finish(self) -> bytes:
        return self._header

    def close(self) -> None:
        self._header = b""


class _ByteSink:
    """Where libav writes: it can't seek, so headers are written once and pages leave as they fill."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def write(self, data: bytes) -> int:
        self._pending += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._pending)
        self._pending.clear()
        return data


class CodecWriter:
    """A codec and a container of libav.

    Its bytes depend on the samples alone: the encoder gets frames of its own fixed size however the samples
    arrive, and neither random serial numbers nor libav's version are written.
    """

    def __init__(
        self, codec: CodecSpec, rate_hz: int, muxer_options: Mapping[str, str] | None = None
    ) -> None:
        self._sink = _ByteSink()
        self._rate_hz = rate_hz
        self._num_samples = 0
        options = {
            "fflags": "+bitexact",
            **codec.muxer_options,
            **(muxer_options or {}),
        }
        self._container = av.open(self._sink, "w", format=codec.container, container_options=options)
        stream = self._container.add_stream(
            codec.encoder, rate_hz, {"flags": "+bitexact", **codec.encoder_options}
        )
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.layout = av.AudioLayout("mono")
        stream.codec_context.format = av.AudioFormat(codec.sample_format)
        if codec.bit_rate is not None:
            stream.codec_context.bit_rate = codec.bit_rate
        self._stream = stream

    def write(self, samples: Samples) -> bytes:
        for frame in self._frames(samples):
            is_first = frame.pts == 0
            with without_thread_pool() if is_first else nullcontext():
                self._container.mux(self._stream.encode(frame))
        return self._sink.take()

    def finish(self) -> bytes:
        if self._num_samples:
            self._container.mux(self._stream.encode(None))
        else:
            self._container.start_encoding()
        self._container.close()
        return self._sink.take()

    def close(self) -> None:
        self._container.close()
        self._sink.take()

    def _frames(self, samples: Samples) -> Iterator[av.AudioFrame]:
        for start in range(0, samples.size, _MAX_FRAME_SAMPLES):
            data = np.ascontiguousarray(samples[start : start + _MAX_FRAME_SAMPLES]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(data, format="s16", layout="mono")
            frame.sample_rate = self._rate_hz
            frame.time_base = Fraction(1, self._rate_hz)
            frame.pts = self._num_samples
            self._num_samples += frame.samples
            yield frame


class FlacWriter(CodecWriter):
    """FLAC whose header says how long it is, if that is known.

    libav leaves the length at 0 (unknown) where it can't seek back. Players take that; libsndfile doesn't.
    """

    # STREAMINFO begins behind "fLaC" and a 4-byte block header; the length is its bits 108 to 143
    # (RFC 9639, section 8.2).
    _LENGTH_AT = 8 + 13

    def __init__(self, codec: CodecSpec, rate_hz: int, total_samples: int | None) -> None:
        super().__init__(codec, rate_hz)
        self._total_samples = total_samples

    def write(self, samples: Samples) -> bytes:
        return self._with_length(super().write(samples))

    def finish(self) -> bytes:
        return self._with_length(super().finish())

    def _with_length(self, data: bytes) -> bytes:
        if not data or not self._total_samples:
            return data
        at, length = self._LENGTH_AT, self._total_samples
        self._total_samples = None
        first = (data[at] & 0xF0) | (length >> 32)
        return data[:at] + bytes([first]) + (length & 0xFFFFFFFF).to_bytes(4, "big") + data[at + 5 :]
