"""What a request to speak may say, in ElevenLabs' words."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from deployments.http.elevenlabs.formats import DEFAULT
from deployments.http.planning import MAX_SEED, Wish

# Longer ones name nothing, and would be repeated in the answer.
Name = Annotated[str, Field(max_length=200)]
_FASTEST = 3


def _or_none(value: Any) -> Any:
    """Some clients write `None` in full into an address."""
    return None if value in ("", "None", "null") else value


class VoiceSettings(BaseModel):
    """Of these, speed alone has an effect."""

    speed: Annotated[float, Field(ge=0.25, le=4.0, allow_inf_nan=False)] | None = None


class SpeakQuery(BaseModel):
    """What stands in the address. Parameters that have no meaning here are ignored."""

    output_format: Annotated[str, Field(max_length=40)] = Field(
        DEFAULT,
        description="Codec, rate and bit rate: mp3_*, pcm_*, opus_*, wav_*, ulaw_8000 or alaw_8000. The bit "
        "rate is the server's own.",
    )
    optimize_streaming_latency: Annotated[
        Annotated[int, Field(ge=0, le=4)] | None, BeforeValidator(_or_none)
    ] = Field(None, description="From 3 on as `low_latency` of `POST /v1/audio/speech`.")
    model_id: Annotated[Name | None, BeforeValidator(_or_none)] = Field(
        None, description="As in the body, where some clients don't put it."
    )


class SpeakBody(BaseModel):
    """Body of `POST /v1/text-to-speech/{voice_id}`. Fields that have no meaning here are ignored."""

    model_config = ConfigDict(strict=True)

    text: str = Field(description="What to speak.")
    model_id: Name | None = Field(None, description="A model of GET /v1/models; the first one if absent.")
    language_code: Name | None = Field(None, description="Language of the text, if not the voice's own.")
    voice_settings: VoiceSettings | None = Field(None, description="Of these, speed alone has an effect.")
    seed: Annotated[int, Field(ge=-1, le=MAX_SEED)] | None = Field(
        None, description="The same request with the same seed gives the same samples. -1: draw one."
    )

    def wish(self, voice: str, query: SpeakQuery, *, is_timed: bool) -> Wish:
        """Return what to plan. Raises nothing: names are looked up then."""
        speed = self.voice_settings.speed if self.voice_settings else None
        return Wish(
            text=self.text,
            voice=voice,
            model=self.model_id or query.model_id,
            language=self.language_code,
            speed=1.0 if speed is None else speed,
            seed=self.seed,
            low_latency=(query.optimize_streaming_latency or 0) >= _FASTEST,
            is_timed=is_timed,
        )
