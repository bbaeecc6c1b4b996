"""FLAC (RFC 9639), cut into frames as soon as a frame is whole.

FFmpeg's parser reads ten frames ahead to be sure where one ends, about two seconds of speech, and that
would count as the server's delay. A frame carries a CRC-16, so the decoder can say whether a piece of data
is a whole frame: every sync code after a frame's start is tried as its end, and at last the end of what has
arrived.
"""

from __future__ import annotations

import av.error
from av.audio.frame import AudioFrame
from av.packet import Packet

from benchmarks.load.decoding.codecs import open_codec
from benchmarks.load.decoding.meter import AudioMeter, UndecodableAudio

_LONGEST_FRAME = 1 << 20


class FlacDecoder:
    """Native FLAC: the marker, metadata blocks, frames."""

    def __init__(self, meter: AudioMeter) -> None:
        self._meter = meter
        self._data = b""
        self._codec = open_codec("flac", {"err_detect": "crccheck+explode"})
        self._in_frames = False
        self._head_is_counted = False

    def feed(self, data: bytes) -> None:
        self._data += data
        if not self._in_frames:
            self._read_metadata()
        if self._in_frames:
            self._read_frames()

    def finish(self) -> bool:
        """Whole frames were counted on arrival; bytes that are no whole frame are a cut stream."""
        return bool(self._data) and not self._head_is_counted

    def _read_metadata(self) -> None:
        data, at = self._data, 4
        if not b"fLaC".startswith(data[:4]):
            raise UndecodableAudio("a FLAC body must begin with fLaC")
        while len(data) >= at + 4:
            kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
            at += 4 + size
            if kind & 0x7F == 0:
                self._codec.extradata = data[at - size : at]
            if kind & 0x80 and len(data) >= at:
                self._in_frames = True
                self._data = data[at:]
                return

    def _read_frames(self) -> None:
        data, start = self._data, 0
        sync = data[:2]
        if len(sync) == 2 and (sync[0] != 0xFF or sync[1] & 0xFE != 0xF8):
            raise UndecodableAudio("no FLAC frame where one should begin")
        end = data.find(sync, 2) if len(sync) == 2 else -1
        while end >= 0:
            if self._take_frame(data[start:end]):
                start, self._head_is_counted = end, False
            end = data.find(sync, end + 2)
        self._data = data[start:]
        # The bytes stay until the next sync code proves the end, so that none of the next frame is lost.
        if self._data and not self._head_is_counted:
            self._head_is_counted = self._take_frame(self._data)
        if len(self._data) > _LONGEST_FRAME:
            raise UndecodableAudio("no whole FLAC frame in a mebibyte")

    def _take_frame(self, data: bytes) -> bool:
        """Count `data` if it is a whole frame; return whether it is."""
        try:
            frames = self._codec.decode(Packet(data))
        except av.error.FFmpegError:
            return False
        if not self._head_is_counted:
            self._count(frames)
        return bool(frames)

    def _count(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            samples = frame.to_ndarray()
            channels = frame.layout.nb_channels
            shaped = samples.T if frame.format.is_planar else samples.reshape(-1, channels)
            self._meter.add(shaped, frame.sample_rate)
