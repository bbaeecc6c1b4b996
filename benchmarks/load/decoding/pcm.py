"""Headerless PCM, and WAV as servers stream it: one header whose lengths may be placeholders."""

from __future__ import annotations

import struct

import numpy as np

from benchmarks.load.decoding.meter import AudioMeter, UndecodableAudio

# Streamed WAV declares a length it can't know: 0, or something near the largest that fits.
_LARGEST_BELIEVABLE_LENGTH = 0x7FFF0000
_LARGEST_HEADER = 1 << 16
_DTYPES = {(1, 16): "<i2", (1, 32): "<i4", (3, 32): "<f4"}


class PcmDecoder:
    """Interleaved samples of one dtype; a frame is one sample of each channel."""

    def __init__(self, meter: AudioMeter, rate_hz: int, channels: int = 1, dtype: str = "<i2") -> None:
        self._meter = meter
        self._rate_hz = rate_hz
        self._channels = channels
        self._dtype = np.dtype(dtype)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        data = self._rest + data
        frame_bytes = self._channels * self._dtype.itemsize
        whole = len(data) - len(data) % frame_bytes
        self._rest = data[whole:]
        if self._meter.is_audible:
            self._meter.add_unscanned(whole // frame_bytes, self._rate_hz)
        elif whole:
            samples = np.frombuffer(data, self._dtype, whole // self._dtype.itemsize)
            self._meter.add(samples.reshape(-1, self._channels), self._rate_hz)

    def finish(self) -> bool:
        return bool(self._rest)


class WavDecoder:
    """RIFF/WAVE of 16-bit or 32-bit integers or 32-bit floats."""

    def __init__(self, meter: AudioMeter) -> None:
        self._meter = meter
        self._header = b""
        self._samples: PcmDecoder | None = None
        self._num_left: int | None = None

    def feed(self, data: bytes) -> None:
        if self._samples is None:
            self._header += data
            data = self._parse_header()
        if self._samples is None:
            return
        if self._num_left is not None:
            data = data[: self._num_left]
            self._num_left -= len(data)
        self._samples.feed(data)

    def finish(self) -> bool:
        if self._samples is None:
            return bool(self._header)
        return bool(self._num_left) or self._samples.finish()

    def _parse_header(self) -> bytes:
        """Return the first sample bytes once the header is whole, else nothing."""
        head = self._header
        if not b"RIFF".startswith(head[:4]) or not b"WAVE".startswith(head[8:12]):
            raise UndecodableAudio("a WAV body must begin with RIFF and WAVE")
        at, layout = 12, None
        while len(head) >= at + 8:
            name, size = struct.unpack_from("<4sI", head, at)
            if name == b"data":
                return self._begin(layout, size, head[at + 8 :])
            if name == b"fmt " and len(head) >= at + 8 + size:
                layout = _parse_layout(head[at + 8 : at + 8 + size])
            at += 8 + size + size % 2
        if at > _LARGEST_HEADER:
            raise UndecodableAudio("no data chunk in the first 64 KiB of the WAV body")
        return b""

    def _begin(self, layout: tuple[int, int, str] | None, size: int, rest: bytes) -> bytes:
        if layout is None:
            raise UndecodableAudio("the WAV data chunk comes before its format")
        rate_hz, channels, dtype = layout
        self._samples = PcmDecoder(self._meter, rate_hz, channels, dtype)
        self._num_left = size if 0 < size < _LARGEST_BELIEVABLE_LENGTH else None
        return rest


def _parse_layout(chunk: bytes) -> tuple[int, int, str]:
    if len(chunk) < 16:
        raise UndecodableAudio("the WAV format chunk is too short")
    kind, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == 0xFFFE and len(chunk) >= 26:  # extensible: the true kind opens the GUID
        kind = struct.unpack_from("<H", chunk, 24)[0]
    dtype = _DTYPES.get((kind, bits))
    if dtype is None or not channels or not rate_hz:
        raise UndecodableAudio(f"WAV of kind {kind}, {bits} bits, {channels} channels, {rate_hz} Hz")
    return rate_hz, channels, dtype
