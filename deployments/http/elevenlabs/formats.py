"""`output_format` as ElevenLabs' clients write it: codec, rate, and perhaps bits per second."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deployments.http.elevenlabs.telephony import RATE_HZ, LawEncoder, a_law, mu_law
from deployments.http.speech_response import Encoder
from tts_core.audio.encoder import StreamEncoder
from tts_core.audio.formats import FORMATS, AudioFormat
from tts_core.errors import UnsupportedFormat

DEFAULT = "mp3_44100_128"
_NAME = re.compile(r"(mp3|pcm|opus|wav|ulaw|alaw)_([0-9]{4,5})(?:_[0-9]{2,3})?")
LAWS = {"ulaw": mu_law, "alaw": a_law}


@dataclass(frozen=True)
class OutputFormat:
    """What a client hears.

    Attributes:
        codec: as ElevenLabs names it.
        rate_hz: of the audio.
    """

    codec: str
    rate_hz: int

    @property
    def audio_format(self) -> AudioFormat | None:
        """The server's own format; None for telephony's."""
        return None if self.codec in LAWS else AudioFormat(self.codec)

    def encoder(self, input_rate_hz: int) -> Encoder:
        """Return what encodes PCM of that rate."""
        if self.audio_format is None:
            return LawEncoder(LAWS[self.codec], input_rate_hz)
        return StreamEncoder(self.audio_format, input_rate_hz, self.rate_hz)


def parse_output_format(name: str) -> OutputFormat:
    """Return what a name means. The bit rate is the server's own, whichever is asked for.

    Raises:
        UnsupportedFormat: there is no such codec, or not at that rate.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise UnsupportedFormat(
            f"output_format must be like mp3_44100_128, pcm_24000, opus_48000_32, wav_24000 or ulaw_8000, "
            f"got {name[:40]!r}",
            param="output_format",
        )
    codec, rate_hz = match[1], int(match[2])
    rates_hz = (RATE_HZ,) if codec in LAWS else FORMATS[AudioFormat(codec)].rates_hz
    if (rates_hz and rate_hz not in rates_hz) or not 8000 <= rate_hz <= 48_000:
        raise UnsupportedFormat(f"{codec} has no rate of {rate_hz} Hz", param="output_format")
    return OutputFormat(codec, rate_hz)
