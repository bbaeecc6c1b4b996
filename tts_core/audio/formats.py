"""What listeners can ask for, as one table: names, media types, codecs and the rates each allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from tts_core.errors import UnsupportedFormat


class AudioFormat(str, Enum):
    """Names of the formats as requests spell them."""

    MP3 = "mp3"
    WAV = "wav"
    FLAC = "flac"
    OPUS = "opus"
    AAC = "aac"
    PCM = "pcm"
    OGG = "ogg"


@dataclass(frozen=True)
class CodecSpec:
    """How libav makes a format.

    Attributes:
        encoder: libav's name of the encoder.
        container: libav's name of the muxer.
        sample_format: what the encoder takes.
        bit_rate: bits per second for mono speech, or None where the codec is lossless.
        encoder_options: private options of the encoder.
        muxer_options: private options of the muxer.
    """

    encoder: str
    container: str
    sample_format: str
    bit_rate: int | None = None
    encoder_options: Mapping[str, str] = field(default_factory=dict)
    muxer_options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FormatSpec:
    """One row of the table.

    Attributes:
        media_type: what goes into Content-Type.
        extension: of a file that holds it, without the dot.
        rates_hz: the sample rates that the codec knows, ascending; empty where any will do.
        codec: how libav makes it; None for PCM and WAV, which need no codec.
    """

    media_type: str
    extension: str
    rates_hz: tuple[int, ...]
    codec: CodecSpec | None = None

    def nearest_rate_hz(self, wanted_hz: int) -> int:
        """Return the lowest rate allowed that loses nothing of `wanted_hz`, or else the highest there is."""
        if not self.rates_hz:
            return wanted_hz
        return min((rate for rate in self.rates_hz if rate >= wanted_hz), default=self.rates_hz[-1])


_MPEG_AUDIO_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

# Without the bit reservoir a frame is complete as soon as it is encoded, and streams can be cut and joined at
# any frame. The Xing frame needs a seekable file; without it a streamed and a whole MP3 are the same bytes.
# Level 7 halves the CPU time of the default, and at this rate is no further from the source.
_MP3 = CodecSpec(
    encoder="libmp3lame",
    container="mp3",
    sample_format="s16p",
    bit_rate=96_000,
    encoder_options={"reservoir": "0", "compression_level": "7"},
    muxer_options={"write_xing": "0", "id3v2_version": "0"},
)
# Blocks of 512 samples come out 21 ms apart at 24 kHz; on speech they cost 1 % over the best size.
_FLAC = CodecSpec(
    encoder="flac",
    container="flac",
    sample_format="s16",
    encoder_options={"frame_size": "512"},
    muxer_options={"metadata_header_padding": "0"},
)
# The default coder (twoloop) takes four times the CPU, and clicks on steady tones by a third of full scale.
_AAC = CodecSpec(
    encoder="aac",
    container="adts",
    sample_format="fltp",
    bit_rate=64_000,
    encoder_options={"aac_coder": "fast"},
)
# One packet per Ogg page, since a page leaves only when it is full: 11 kbit/s of page headers buy the delay.
# Level 5 takes a third of the default's CPU time.
_OPUS = CodecSpec(
    encoder="libopus",
    container="ogg",
    sample_format="s16",
    bit_rate=48_000,
    encoder_options={"frame_duration": "20", "compression_level": "5"},
    muxer_options={"page_duration": "20000"},
)
_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)

FORMATS: Mapping[AudioFormat, FormatSpec] = {
    AudioFormat.MP3: FormatSpec("audio/mpeg", "mp3", _MPEG_AUDIO_RATES_HZ, _MP3),
    AudioFormat.WAV: FormatSpec("audio/wav", "wav", ()),
    AudioFormat.FLAC: FormatSpec("audio/flac", "flac", (), _FLAC),
    AudioFormat.OPUS: FormatSpec("audio/ogg", "opus", _OPUS_RATES_HZ, _OPUS),
    AudioFormat.AAC: FormatSpec("audio/aac", "aac", _MPEG_AUDIO_RATES_HZ, _AAC),
    AudioFormat.PCM: FormatSpec("audio/pcm", "pcm", ()),
    # PyAV's wheels have no mono Vorbis encoder, so a listener who asks for Ogg gets Opus in it.
    AudioFormat.OGG: FormatSpec("audio/ogg", "ogg", _OPUS_RATES_HZ, _OPUS),
}


def parse_format(name: str) -> AudioFormat:
    """Return the format that a request names, in any case.

    Raises:
        UnsupportedFormat: there is none of that name; the message lists those there are.
    """
    try:
        return AudioFormat(name.strip().lower())
    except ValueError:
        supported = ", ".join(known.value for known in AudioFormat)
        raise UnsupportedFormat(f"audio format {name!r} is not one of {supported}") from None
