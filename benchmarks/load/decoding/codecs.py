"""Formats that PyAV's parsers cut into packets as soon as a packet is whole: MP3 and AAC in ADTS.

A container demuxer would hold back kilobytes while it probes, and make every listener look late. Encoder
delay and padding (under 0.1 s) stay in the count, as they do for a listener that plays the stream.
"""

from __future__ import annotations

from typing import Any

import av
import av.error
from av.audio.codeccontext import AudioCodecContext
from av.packet import Packet

from benchmarks.load.decoding.meter import AudioMeter, UndecodableAudio

_ID3V1 = b"TAG"


def open_codec(name: str, options: dict[str, str] | None = None) -> AudioCodecContext:
    """Return a decoder context. One thread: frame threads would delay output by their number."""
    codec = av.CodecContext.create(name, "r")
    assert isinstance(codec, AudioCodecContext)
    codec.thread_count = 1
    codec.options = options or {}
    return codec


class FrameSink:
    """Decodes packets and hands their samples to the meter."""

    def __init__(self, meter: AudioMeter, codec: AudioCodecContext) -> None:
        self._meter = meter
        self.codec = codec

    def decode(self, packet: Packet[Any]) -> tuple[int, int]:
        """Decode one packet; return its number of frames and their rate. Raises UndecodableAudio."""
        try:
            frames = self.codec.decode(packet)
        except (av.error.FFmpegError, ValueError) as error:
            raise UndecodableAudio(f"{self.codec.name}: {error}") from error
        for frame in frames:
            # planar frames come as (channels, frames), packed ones as (1, frames x channels)
            channels = frame.layout.nb_channels
            array = frame.to_ndarray()
            samples = array.T if frame.format.is_planar else array.reshape(-1, channels)
            self._meter.add(samples, frame.sample_rate)
        return sum(frame.samples for frame in frames), self.codec.sample_rate


class _ParsedDecoder:
    """Decodes up to the first audible sample. From there packets are counted, all of one length, and the
    processor is left to the server."""

    codec_name: str

    def __init__(self, meter: AudioMeter) -> None:
        self._meter = meter
        self._sink = FrameSink(meter, open_codec(self.codec_name))
        self._packet_length = (0, 0)

    def feed(self, data: bytes) -> None:
        # an empty feed would mean the end to the parser
        for packet in self._sink.codec.parse(data) if data else ():
            self._take(packet)

    def finish(self) -> bool:
        """Whole packets were decoded on arrival, so what the parser still holds should be nothing."""
        rests = [bytes(packet) for packet in self._sink.codec.parse(b"")]
        return any(not rest.startswith(_ID3V1) for rest in rests)

    def _take(self, packet: Packet[Any]) -> None:
        if self._meter.is_audible:
            self._meter.add_unscanned(*self._packet_length)
        else:
            self._packet_length = self._sink.decode(packet)


class AdtsDecoder(_ParsedDecoder):
    """AAC in ADTS frames."""

    codec_name = "aac"


class Mp3Decoder(_ParsedDecoder):
    """MPEG audio layer III, after an optional ID3v2 tag; an encoder's Info frame is no audio."""

    codec_name = "mp3"

    def __init__(self, meter: AudioMeter) -> None:
        super().__init__(meter)
        self._head: bytes | None = b""
        self._num_tag_bytes = 0

    def feed(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            if len(self._head) < 10:
                return
            data, self._head = self._head, None
            self._num_tag_bytes = _id3_length(data)
        skipped = min(len(data), self._num_tag_bytes)
        self._num_tag_bytes -= skipped
        super().feed(data[skipped:])

    def _take(self, packet: Packet[Any]) -> None:
        head = bytes(packet)[:48]
        if b"Info" not in head and b"Xing" not in head:
            super()._take(packet)


def _id3_length(head: bytes) -> int:
    if not head.startswith(b"ID3"):
        return 0
    return 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
