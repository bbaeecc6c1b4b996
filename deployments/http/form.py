"""How speech is laid into an answer."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.http.framing import BareFraming, Framing
from deployments.http.speech_response import Encoder
from tts_core.audio.encoder import StreamEncoder
from tts_core.audio.formats import FORMATS, AudioFormat
from tts_core.audio.per_chunk import PerChunkEncoder


@dataclass(frozen=True)
class Form:
    """What a listener asked to be given.

    Attributes:
        audio_format: of the audio.
        rate_hz: of its samples, as near as the format has it; None for the engine's own.
        given_framing: None for the bare audio.
        file_per_chunk: whether every chunk is a file of its own.
    """

    audio_format: AudioFormat
    rate_hz: int | None = None
    given_framing: Framing | None = None
    file_per_chunk: bool = False

    @property
    def framing(self) -> Framing:
        return self.given_framing or BareFraming()

    @property
    def media_type(self) -> str:
        return FORMATS[self.audio_format].media_type if self.given_framing is None else "text/event-stream"

    def output_rate_hz(self, engine_rate_hz: int) -> int:
        """Return the rate of the samples that a listener counts."""
        return FORMATS[self.audio_format].nearest_rate_hz(self.rate_hz or engine_rate_hz)

    def encoder(self, engine_rate_hz: int) -> Encoder:
        """Return what makes the whole answer of PCM at the engine's rate."""
        encoder_type = PerChunkEncoder if self.file_per_chunk else StreamEncoder
        return encoder_type(self.audio_format, engine_rate_hz, self.rate_hz)

    def encoder_of_rest(self, engine_rate_hz: int, num_skipped: int | None) -> Encoder:
        """Return what makes the rest of an answer.

        A WAV goes on as it was, without a second header. What other codecs make is a file of its own.

        Args:
            engine_rate_hz: of the PCM.
            num_skipped: samples to leave out first, at the rate of the answer; None where nothing was heard.
        """
        if num_skipped is None:
            return self.encoder(engine_rate_hz)
        audio_format = AudioFormat.PCM if self.audio_format is AudioFormat.WAV else self.audio_format
        rate_hz = self.output_rate_hz(engine_rate_hz)
        encoder_type = PerChunkEncoder if self.file_per_chunk else StreamEncoder
        return encoder_type(audio_format, engine_rate_hz, rate_hz, num_skipped=num_skipped)
