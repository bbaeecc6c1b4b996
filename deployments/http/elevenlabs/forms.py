"""How speech is laid into an answer, where `output_format` says it."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.http.elevenlabs.formats import LAWS, OutputFormat
from deployments.http.elevenlabs.framing import AlignedLines, AlignedObject
from deployments.http.elevenlabs.telephony import LawEncoder
from deployments.http.form import Form
from deployments.http.speech_response import Encoder
from tts_core.audio.formats import AudioFormat

_LAW_TYPES = {"ulaw": "audio/basic", "alaw": "audio/x-alaw-basic"}


@dataclass(frozen=True)
class ElevenLabsForm(Form):
    """What a listener asked to be given; telephony's codes are PCM but for their last step.

    Attributes:
        law: which of telephony's codes, or "" for none.
        framed_type: media type of what `given_framing` makes.
    """

    law: str = ""
    framed_type: str = ""

    @classmethod
    def of(cls, output: OutputFormat, framing: AlignedLines | AlignedObject | None = None) -> ElevenLabsForm:
        """Return the form of bare audio, or of audio in a framing of this dialect's."""
        return cls(
            output.audio_format or AudioFormat.PCM,
            output.rate_hz,
            framing,
            law=output.codec if output.codec in LAWS else "",
            framed_type=framing.media_type if framing is not None else "",
        )

    @property
    def media_type(self) -> str:
        if self.given_framing is not None:
            return self.framed_type
        return _LAW_TYPES.get(self.law) or super().media_type

    def encoder(self, engine_rate_hz: int) -> Encoder:
        return LawEncoder(LAWS[self.law], engine_rate_hz) if self.law else super().encoder(engine_rate_hz)

    def encoder_of_rest(self, engine_rate_hz: int, num_skipped: int | None) -> Encoder:
        if not self.law:
            return super().encoder_of_rest(engine_rate_hz, num_skipped)
        return LawEncoder(LAWS[self.law], engine_rate_hz, num_skipped or 0)
