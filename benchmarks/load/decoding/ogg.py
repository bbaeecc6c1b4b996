"""Opus in Ogg pages (RFC 3533, RFC 7845)."""

from __future__ import annotations

from av.packet import Packet

from benchmarks.load.decoding.codecs import FrameSink, open_codec
from benchmarks.load.decoding.meter import AudioMeter, UndecodableAudio

_PAGE_HEADER = 27
_CONTINUED = 0x01
_LAST_PAGE = 0x04
_RATE_HZ = 48_000  # Opus always decodes at this rate
# Samples of one frame by configuration number (RFC 6716, table 2): SILK, hybrid, CELT.
_SAMPLES = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4


def packet_samples(packet: bytes) -> int:
    """Return the samples per channel of a non-empty Opus packet at 48 kHz (RFC 6716, section 3.1)."""
    config, code = packet[0] >> 3, packet[0] & 3
    if code == 3:
        return _SAMPLES[config] * (packet[1] & 0x3F if len(packet) > 1 else 0)
    return _SAMPLES[config] * (1, 2, 2)[code]


class OggOpusDecoder:
    """Takes pages as they become whole: a listener can't check a page before its last byte.

    Chained streams (each with its own OpusHead) are followed. A body that ends without the page that is
    marked last came to an early end.
    """

    def __init__(self, meter: AudioMeter) -> None:
        self._meter = meter
        self._data = b""
        self._packet = b""
        self._sink: FrameSink | None = None
        self._ended = False

    def feed(self, data: bytes) -> None:
        self._data += data
        while (page := self._next_page()) is not None:
            self._take_page(*page)

    def finish(self) -> bool:
        return bool(self._data) or not self._ended

    def _next_page(self) -> tuple[int, bytes, bytes] | None:
        """Return flags, segment table and payload of the next whole page, and drop it from the buffer."""
        data = self._data
        if not b"OggS".startswith(data[:4]):
            raise UndecodableAudio("no Ogg page where one should begin")
        if len(data) < _PAGE_HEADER or len(data) < (body := _PAGE_HEADER + data[26]):
            return None
        table = data[_PAGE_HEADER:body]
        end = body + sum(table)
        if len(data) < end:
            return None
        self._data = data[end:]
        return data[5], table, data[body:end]

    def _take_page(self, flags: int, table: bytes, payload: bytes) -> None:
        if not flags & _CONTINUED:
            self._packet = b""
        at = 0
        for size in table:
            self._packet += payload[at : at + size]
            at += size
            if size < 255:
                self._take_packet(self._packet)
                self._packet = b""
        self._ended = bool(flags & _LAST_PAGE)

    def _take_packet(self, packet: bytes) -> None:
        if packet.startswith(b"OpusHead"):
            if len(packet) < 19:
                raise UndecodableAudio("the OpusHead packet is too short")
            codec = open_codec("opus")
            codec.extradata = packet  # carries the pre-skip, which the codec drops
            self._sink = FrameSink(self._meter, codec)
        elif self._sink is None:
            raise UndecodableAudio("an Ogg stream that is not Opus")
        elif packet and not packet.startswith(b"OpusTags"):
            self._take_audio(self._sink, packet)

    def _take_audio(self, sink: FrameSink, packet: bytes) -> None:
        """Decode up to the first audible sample; from there the packet's own word on its length will do."""
        if self._meter.is_audible:
            self._meter.add_unscanned(packet_samples(packet), _RATE_HZ)
        else:
            sink.decode(Packet(packet))
