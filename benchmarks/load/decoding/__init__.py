"""Streaming decoders: after every chunk, how much audio a listener holds, and whether it can be heard."""

from __future__ import annotations

from benchmarks.load.decoding.codecs import AdtsDecoder, Mp3Decoder
from benchmarks.load.decoding.flac import FlacDecoder
from benchmarks.load.decoding.meter import AudioMeter, Decoder, UndecodableAudio
from benchmarks.load.decoding.ogg import OggOpusDecoder
from benchmarks.load.decoding.pcm import PcmDecoder, WavDecoder

__all__ = ["AudioMeter", "Decoder", "UndecodableAudio", "make_decoder"]


def make_decoder(audio_format: str, meter: AudioMeter, pcm_rate_hz: int) -> Decoder:
    """Return a fresh decoder of `audio_format` (OpenAI's names) that reports to `meter`."""
    if audio_format == "pcm":
        return PcmDecoder(meter, pcm_rate_hz)
    kinds: dict[str, type[WavDecoder | Mp3Decoder | AdtsDecoder | FlacDecoder | OggOpusDecoder]] = {
        "wav": WavDecoder,
        "mp3": Mp3Decoder,
        "aac": AdtsDecoder,
        "flac": FlacDecoder,
        "opus": OggOpusDecoder,
    }
    return kinds[audio_format](meter)
