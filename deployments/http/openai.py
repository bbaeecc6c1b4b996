"""OpenAI's dialect: `/v1/audio/speech`, `/v1/models`, `/v1/audio/voices`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from deployments.http.attendance import while_waited_for
from deployments.http.captioned import CaptionFields, captions_of, codec_delay_s, subtitle_file
from deployments.http.captions import CaptionedSpeech
from deployments.http.errors import ERROR_RESPONSES
from deployments.http.form import Form
from deployments.http.framing import EventFraming
from deployments.http.planning import MAX_SEED, Wish
from deployments.http.resumption import Resumption
from deployments.http.sampling import SamplingFields
from deployments.http.service import Service
from deployments.http.text_fields import TextFields
from tts_core.audio.formats import AudioFormat
from tts_core.errors import UnsupportedFormat

OUTPUT_RATE_HZ = 24_000
MAX_SAMPLE = 10**15
# Longer ones name nothing, and would be repeated in the answer.
Name = Annotated[str, Field(max_length=200)]
FORMATS = ("mp3", "wav", "flac", "opus", "aac", "pcm")


class VoiceRef(BaseModel):
    """The object form in which OpenAI's clients name a custom voice."""

    id: Name


class SpeechRequest(SamplingFields, TextFields, CaptionFields):
    """Body of `POST /v1/audio/speech`. Fields that OpenAI has and this server doesn't know are ignored."""

    model_config = ConfigDict(strict=True)

    input: str = Field(description="What to speak.")
    voice: Name | VoiceRef = Field(description="A voice of GET /v1/audio/voices, or an alias of one.")
    model: Name | None = Field(None, description="A model of GET /v1/models; the first one if absent.")
    response_format: str | None = Field("mp3", json_schema_extra={"enum": [*FORMATS, None]})
    speed: Annotated[float, Field(ge=0.25, le=4.0, allow_inf_nan=False)] | None = 1.0
    stream_format: Literal["audio", "sse"] | None = "audio"
    instructions: str | None = Field(None, description="Accepted for compatibility; no engine here obeys it.")
    language: Name | None = Field(None, description="Language of the input, if not the voice's own.")
    pitch: Annotated[float, Field(ge=0.5, le=2.0, allow_inf_nan=False)] | None = 1.0
    seed: Annotated[int, Field(ge=-1, le=MAX_SEED)] | None = Field(
        None, description="The same request with the same seed gives the same samples. -1: draw one."
    )

    low_latency: bool | None = Field(
        False, description="First audio as early as it can be had, where the engine has a mode for it."
    )
    ignore_eos: bool | None = Field(None, description="Speak max_tokens in each segment, for load tests.")
    min_tokens: int | None = None
    max_tokens: int | None = None

    def wish(self) -> Wish:
        return Wish(
            text=self.input,
            voice=self.voice if isinstance(self.voice, str) else self.voice.id,
            model=self.model,
            language=self.language,
            speed=1.0 if self.speed is None else self.speed,
            pitch=1.0 if self.pitch is None else self.pitch,
            seed=self.seed,
            low_latency=bool(self.low_latency),
            text_options=self.text_options(),
            lexicon=self.words(),
            is_timed=self.has_captions,
            sampling=self.sampling(
                ignore_eos=self.ignore_eos, min_tokens=self.min_tokens, max_tokens=self.max_tokens
            ),
        )

    def audio_format(self) -> AudioFormat:
        name = self.response_format or "mp3"
        if name not in FORMATS:
            raise UnsupportedFormat(
                f"response_format must be one of {', '.join(FORMATS)}, got {name!r}", param="response_format"
            )
        return AudioFormat(name)


class SubtitleRequest(SpeechRequest):
    """Body of `POST /v1/audio/speech/subtitles`: that of the speech whose subtitles they are."""

    @property
    def has_captions(self) -> bool:
        return True


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "polyvox"}


async def _subtitles(service: Service, body: SubtitleRequest, request: Request) -> Response:
    delay_s = codec_delay_s(body.audio_format(), OUTPUT_RATE_HZ)
    speech = await service.open(body.wish(), request.state.request_id, request.state.key)
    captions = await captions_of(speech, body.input, delay_s)
    return await subtitle_file(speech, captions, body.subtitle_format or "srt", service.figures)


def openai_routes(service: Service) -> APIRouter:
    """Return the routes, bound to the service that answers them."""
    router = APIRouter(tags=["OpenAI"])

    @router.post(
        "/v1/audio/speech",
        response_class=Response,
        responses={**ERROR_RESPONSES, 200: {"description": "The audio, streamed while it is synthesised."}},
    )
    async def create_speech(body: SpeechRequest, request: Request) -> Response:
        """Speak a text: OpenAI's request, and its answer, streamed while it is spoken."""
        audio_format = body.audio_format()
        framing = EventFraming(len(body.input)) if body.stream_format == "sse" else None
        resumption = Resumption.read(request.headers)
        body.check_captions(is_events=framing is not None, is_resumed=resumption is not None)
        speech = await service.open(body.wish(), request.state.request_id, request.state.key, resumption)
        if body.has_captions:
            captions = await captions_of(speech, body.input, codec_delay_s(audio_format, OUTPUT_RATE_HZ))
            framing, speech = body.framing(body.input, captions), CaptionedSpeech(speech, captions)
        return await service.answer(speech, Form(audio_format, OUTPUT_RATE_HZ, framing), resumption)

    @router.post(
        "/v1/audio/speech/subtitles",
        response_class=Response,
        responses={**ERROR_RESPONSES, 200: {"description": "SRT or WebVTT."}},
    )
    async def create_subtitles(body: SubtitleRequest, request: Request) -> Response:
        """Answer with subtitles of the speech that the same body is given at `/v1/audio/speech`."""
        return await while_waited_for(request, _subtitles(service, body, request))

    @router.get(
        "/v1/audio/speech/{name}",
        response_class=Response,
        responses={**ERROR_RESPONSES, 200: {"description": "The rest of the audio."}},
    )
    async def resume_speech(
        name: str,
        request: Request,
        from_sample: Annotated[int, Query(ge=0, le=MAX_SAMPLE, description="Samples heard.")] = 0,
    ) -> Response:
        """Go on with a speech that was cut off, by the `X-Request-Id` of its answer."""
        return await service.go_on(name, from_sample, request.state.request_id, request.state.key)

    @router.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        """List the models, as OpenAI does."""
        return {"object": "list", "data": [_model(name) for name in service.source.models]}

    @router.get("/v1/models/{name}", responses=ERROR_RESPONSES)
    async def show_model(name: str) -> dict[str, Any]:
        """Describe a model; an alias is described by its own name."""
        service.check_model(name)
        return _model(name)

    @router.get("/v1/audio/voices")
    async def list_voices() -> dict[str, Any]:
        """List what a request may name as its voice."""
        return {"voices": await service.voices()}

    return router
