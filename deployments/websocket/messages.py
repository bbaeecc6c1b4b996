"""What a client may say in Polyvox's own protocol. docs/websocket.md tells it to people."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError

from deployments.http.openai import OUTPUT_RATE_HZ, Name
from deployments.http.planning import MAX_SEED, Wish
from deployments.http.sampling import SamplingFields
from deployments.http.text_fields import TextFields
from deployments.websocket.clause_detector import SCHEDULE
from deployments.websocket.errors import MalformedMessage
from deployments.websocket.turn import ContextSettings
from tts_core.audio.encoder import StreamEncoder
from tts_core.audio.formats import FORMATS, AudioFormat
from tts_core.errors import InvalidParameter

DEFAULT_CONTEXT = "default"
MAX_ID_CHARS = 60

ContextId = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS)]


def _any_string(value: Any) -> str:
    """Take halves of characters, too: they meet in the next piece."""
    if not isinstance(value, str):
        raise ValueError("Input should be a valid string")  # noqa: TRY004 - pydantic's way to say so
    return value


Piece = Annotated[str, PlainValidator(_any_string)]


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Start(SamplingFields, TextFields):
    """Opens a context. The fields are those of `POST /v1/audio/speech`."""

    model_config = ConfigDict(strict=True, extra="forbid")

    type: Literal["start"]
    context_id: ContextId = DEFAULT_CONTEXT
    voice: Name
    model: Name | None = None
    response_format: Literal["mp3", "wav", "flac", "opus", "aac", "pcm"] = "pcm"
    sample_rate: Annotated[int, Field(ge=8000, le=48_000)] = OUTPUT_RATE_HZ
    speed: Annotated[float, Field(ge=0.25, le=4.0, allow_inf_nan=False)] = 1.0
    pitch: Annotated[float, Field(ge=0.5, le=2.0, allow_inf_nan=False)] = 1.0
    language: Name | None = None
    seed: Annotated[int, Field(ge=-1, le=MAX_SEED)] | None = None
    low_latency: bool = False
    flush_timeout_ms: Annotated[int, Field(ge=50, le=60_000)] | None = None
    timestamps: Annotated[list[Literal["word"]], Field(min_length=1, max_length=1)] | None = None
    clause_chars: Annotated[
        list[Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1, max_length=20)
    ] = Field(list(SCHEDULE))

    def audio_format(self) -> AudioFormat:
        return AudioFormat(self.response_format)

    def rate_hz(self) -> int:
        """Return the rate of the audio that is sent: the codec's next one to what was asked for."""
        return FORMATS[self.audio_format()].nearest_rate_hz(self.sample_rate)

    def settings(self) -> ContextSettings:
        """Return what it asks for, its seed drawn. Raises InvalidParameter."""
        audio_format, rate_hz = self.audio_format(), self.rate_hz()
        timeout_ms = self.flush_timeout_ms
        return ContextSettings(
            self._wish(),
            lambda input_rate_hz: StreamEncoder(audio_format, input_rate_hz, rate_hz),
            tuple(self.clause_chars),
            None if timeout_ms is None else timeout_ms / 1000,
            self.timestamps is not None,
        )

    def _wish(self) -> Wish:
        return Wish(
            text="",
            voice=self.voice,
            model=self.model,
            language=self.language,
            speed=self.speed,
            pitch=self.pitch,
            seed=drawn(self.seed),
            low_latency=self.low_latency,
            text_options=self.text_options(),
            lexicon=self.words(),
            sampling=self.sampling(),
            is_timed=True,
        )


class Text(_Message):
    """A piece of text, cut anywhere."""

    type: Literal["text"]
    context_id: ContextId = DEFAULT_CONTEXT
    text: Piece
    flush: bool = False


class Flush(_Message):
    """Speak all that has arrived."""

    type: Literal["flush"]
    context_id: ContextId = DEFAULT_CONTEXT


class Interrupt(_Message):
    """Fall silent: one context, or all."""

    type: Literal["interrupt"]
    context_id: ContextId | None = None
    played_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class End(_Message):
    """Speak all that has arrived, and close the context."""

    type: Literal["end"]
    context_id: ContextId = DEFAULT_CONTEXT


class Close(_Message):
    """Speak all that has arrived in all contexts, and close the connection."""

    type: Literal["close"]


class Ping(_Message):
    """Ask for a `pong`, and stay."""

    type: Literal["ping"]


class Authenticate(_Message):
    """Bring the API key; only as the first message, and only where the handshake had none."""

    type: Literal["authenticate"]
    api_key: str


ClientMessage = Annotated[
    Start | Text | Flush | Interrupt | End | Close | Ping | Authenticate, Field(discriminator="type")
]
_ADAPTER: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


def parse_message(body: dict[str, Any]) -> ClientMessage:
    """Return what a message says.

    Raises:
        MalformedMessage: its type is unknown.
        InvalidParameter: a field is missing, unknown or wrong.
    """
    try:
        return _ADAPTER.validate_python(body)
    except ValidationError as error:
        raise refusal(error, num_tags=1) from None


def refusal(error: ValidationError, num_tags: int = 0) -> MalformedMessage | InvalidParameter:
    """Turn the first of pydantic's findings into one sentence.

    Args:
        error: pydantic's.
        num_tags: how many parts of a place name the kind of message, rather than a field of it.
    """
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"].startswith("union_tag"):
        return MalformedMessage(f"type: {first['msg']}")
    names = [str(part) for part in first["loc"][num_tags:]]
    param = names[0] if names else None
    return InvalidParameter(f"{param or 'message'}: {first['msg']}", param=param)


def drawn(seed: int | None) -> int:
    """Return the seed, drawn where none was given: all of a context's clauses share it."""
    return secrets.randbelow(2**32) if seed is None or seed == -1 else seed
