"""GPT-SoVITS's `api_v2` dialect: `/tts`. Its clients send strings for everything, empty for absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from starlette.responses import Response

from deployments.http.errors import ERROR_RESPONSES
from deployments.http.planning import Wish
from deployments.http.sampling import SamplingFields
from deployments.http.service import Service
from deployments.http.text_fields import TextFields
from tts_core.audio.formats import AudioFormat

_MODES = {"false": 0, "no": 0, "off": 0, "true": 1, "yes": 1, "on": 1, "": 0}
_FASTEST_MODE = 3
_FORMATS = {
    "wav": AudioFormat.WAV,
    "raw": AudioFormat.PCM,
    "ogg": AudioFormat.OGG,
    "aac": AudioFormat.AAC,
}


def _mode(value: Any) -> Any:
    """`streaming_mode` is a boolean, a number from 0 to 3, or either as a string."""
    return _MODES.get(value.strip().lower(), value) if isinstance(value, str) else value


def _lowered(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


class TtsRequest(SamplingFields, TextFields):
    """Parameters of `/tts` that have a meaning for every engine. All others are ignored."""

    model_config = ConfigDict(str_strip_whitespace=False)

    text: str
    text_lang: Annotated[str, BeforeValidator(_lowered), Field(min_length=1)]
    ref_audio_path: Annotated[str, Field(min_length=1, max_length=1000, description="Id of a voice.")]
    media_type: Annotated[Literal["wav", "raw", "ogg", "aac"], BeforeValidator(_lowered)] = "wav"
    streaming_mode: Annotated[
        int,
        BeforeValidator(_mode),
        Field(
            ge=0, le=3, description="0 answers whole, 1 and 2 stream, 3 streams with the first audio early."
        ),
    ] = 0
    speed_factor: Annotated[float, Field(ge=0.25, le=4.0, allow_inf_nan=False)] = 1.0
    seed: int = -1

    @model_validator(mode="before")
    @classmethod
    def _without_absent(cls, values: Any) -> Any:
        """Drop what is null or empty: clients send those for what they don't set."""
        if not isinstance(values, Mapping):
            return values
        return {name: value for name, value in values.items() if value not in (None, "") or name == "text"}

    def wish(self) -> Wish:
        return Wish(
            text=self.text,
            voice=self.ref_audio_path,
            language=self.text_lang,
            speed=self.speed_factor,
            seed=self.seed,
            low_latency=self.streaming_mode == _FASTEST_MODE,
            text_options=self.text_options(),
            lexicon=self.words(),
            sampling=self.sampling(),
        )


def api_v2_routes(service: Service) -> APIRouter:
    """Return the routes, bound to the service that answers them."""
    router = APIRouter(tags=["GPT-SoVITS api_v2"])

    async def speak(parameters: TtsRequest, request: Request) -> Response:
        audio_format = _FORMATS[parameters.media_type]
        speech = await service.open(parameters.wish(), request.state.request_id, request.state.key)
        if parameters.streaming_mode == 0:
            return await service.whole(speech, audio_format)
        # Clients open every HTTP chunk of an Ogg stream as a file of its own.
        return service.stream(speech, audio_format, file_per_chunk=audio_format is AudioFormat.OGG)

    options: dict[str, Any] = {
        "response_class": Response,
        "responses": {**ERROR_RESPONSES, 200: {"description": "The audio."}},
    }

    @router.post("/tts", **options)
    async def post_tts(body: TtsRequest, request: Request) -> Response:
        return await speak(body, request)

    @router.get("/tts", **options)
    async def get_tts(query: Annotated[TtsRequest, Query()], request: Request) -> Response:
        return await speak(query, request)

    return router
