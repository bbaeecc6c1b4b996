"""`/v1/audio/voices`: upload, inspect, preview and delete. The list is in `openai`."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from deployments.http.errors import ERROR_RESPONSES
from deployments.http.openai import FORMATS, OUTPUT_RATE_HZ
from deployments.http.planning import Wish
from deployments.http.service import Service
from deployments.http.voices.errors import NoVoiceStore
from deployments.http.voices.origin import check_origin
from deployments.http.voices.preview import SEED, preview_text
from deployments.http.voices.upload import read_upload
from tts_core.audio.formats import AudioFormat
from tts_core.errors import UnknownVoice, UnsupportedFormat, VoiceExists

if TYPE_CHECKING:
    from deployments.http.voices.desk import Kept, VoiceDesk
    from tts_core.voices import Voice

_VOICES = "/v1/audio/voices"
_FIELDS: dict[str, Any] = {
    "name": {"type": "string", "maxLength": 64, "description": "What requests will call it."},
    "text": {"type": "string", "maxLength": 300, "description": "What the recording says."},
    "language": {"type": "string", "default": "auto", "description": "Language of the text."},
    "consent": {"type": "string", "maxLength": 2000, "description": "The speaker's consent, in words."},
    "type": {"type": "string", "enum": ["audio_sample"], "default": "audio_sample"},
}
_REQUIRED = ["name", "audio_sample", "text", "consent"]


def _body(audio: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": {"type": "object", "required": _REQUIRED, "properties": {**_FIELDS, "audio_sample": audio}}
    }


_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": _body({"type": "string", "format": "binary"}),
            "application/json": _body({"type": "string", "format": "byte", "description": "In base64."}),
        },
    }
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    **ERROR_RESPONSES,
    409: {"description": "The name belongs to another voice."},
    415: {"description": "The body is neither a form nor JSON."},
    507: {"description": "There is no room left to keep the voice."},
}


def voices_routes(service: Service, desk: VoiceDesk | None) -> APIRouter:
    """Return the routes, bound to what answers them; without a desk, there are only engines' own voices."""
    router = APIRouter(tags=["Voices"])

    @router.post(_VOICES, responses=_RESPONSES, openapi_extra=_UPLOAD)
    async def add_voice(request: Request) -> dict[str, Any]:
        """Keep 3 to 10 s of one speaker as a voice, which can be spoken with from this answer on."""
        open_desk = _for_changes(desk, service, request)
        with _counted(service, request), open_desk.place():
            upload = await read_upload(request)
            await _check_name(upload.name, open_desk, service)
            kept = await open_desk.add(upload, request.state.key)
        return _described(kept, open_desk)

    @router.get(_VOICES + "/{voice_id}", responses=_RESPONSES)
    async def inspect_voice(voice_id: str, request: Request) -> dict[str, Any]:
        """Tell all about a voice but its recording; `voice_id` is an id or a name."""
        if desk is not None:
            # An engine may have one of its own by this name.
            with contextlib.suppress(UnknownVoice), _counted(service, request):
                return _described(await desk.inspect(voice_id), desk)
        entry = await _catalogued(service, voice_id)
        return {**entry, "object": "audio.voice", "type": "built_in", "created_at": 0}

    @router.get(_VOICES + "/{voice_id}/preview", response_class=Response, responses=_RESPONSES)
    async def preview_voice(
        voice_id: str, request: Request, response_format: Annotated[str, Query(max_length=20)] = "mp3"
    ) -> Response:
        """Speak a sentence in the voice's language. Always the same bytes for the same voice and weights."""
        if response_format not in FORMATS:
            raise UnsupportedFormat(
                f"response_format must be one of {', '.join(FORMATS)}", param="response_format"
            )
        voice, language, model = await _spoken(desk, service, voice_id)
        wish = Wish(text=preview_text(language), voice=voice, model=model, seed=SEED)
        speech = await service.open(wish, request.state.request_id, request.state.key)
        return service.stream(speech, AudioFormat(response_format), OUTPUT_RATE_HZ)

    @router.delete(_VOICES + "/{voice_id}", responses=_RESPONSES)
    async def delete_voice(voice_id: str, request: Request) -> dict[str, Any]:
        """Forget a voice, its recording and its consent. Streams that are open are heard to their end."""
        with _counted(service, request):
            voice = await _for_changes(desk, service, request).remove(voice_id, request.state.key)
        return {"object": "audio.voice.deleted", "id": voice.name, "content_id": voice.id, "deleted": True}

    return router


@contextlib.contextmanager
def _counted(service: Service, request: Request) -> Iterator[None]:
    """Count a request within the limits of its key, as speech is."""
    ticket = service.limiter.enter(request.state.key, 0)
    try:
        yield
    finally:
        ticket.release()


def _for_changes(desk: VoiceDesk | None, service: Service, request: Request) -> VoiceDesk:
    """Return who takes changes. Asked before the body is looked at."""
    if desk is None:
        raise NoVoiceStore("this server keeps no voices: none of its models clones any")
    if request.state.key is None:
        check_origin(request.headers, service.args.cors_origins)
    return desk


async def _check_name(name: str, desk: VoiceDesk, service: Service) -> None:
    """Return unless requests by this name mean another voice already.

    Raises:
        VoiceExists: it is an alias, or an engine has a voice of its own by it.
    """
    is_own = any(
        entry["id"] == name and entry.get("model") not in desk.models for entry in await service.voices()
    )
    if is_own or name in service.args.voice_aliases:
        raise VoiceExists(f"{name[:64]!r} is another voice's name on this server", param="name")


async def _spoken(desk: VoiceDesk | None, service: Service, voice_id: str) -> tuple[str, str, str]:
    """Return what requests call a voice, its language, and a model that speaks with it."""
    if desk is not None:
        with contextlib.suppress(UnknownVoice):  # as in inspect_voice
            voice = await desk.find(voice_id)
            return voice.name, voice.language, desk.models[0]
    entry = await _catalogued(service, voice_id)
    return voice_id, entry.get("language", ""), entry["model"]


async def _catalogued(service: Service, voice_id: str) -> dict[str, Any]:
    """Return a voice's entry in the list. Raises UnknownVoice."""
    for entry in await service.voices():
        if entry["id"] == voice_id and "model" in entry:
            return entry
    raise UnknownVoice(f"there is no voice {voice_id!r}", param="voice_id")


def _described(kept: Kept, desk: VoiceDesk) -> dict[str, Any]:
    voice = kept.voice
    return {
        "object": "audio.voice",
        "type": "audio_sample",
        "id": voice.name,
        "name": voice.name,
        "content_id": voice.id,
        "language": voice.language,
        "model": desk.models[0],
        "models": desk.models,
        "text": voice.text,
        "created_at": _unix_s(voice),
        "consent_recorded_at": voice.consent.recorded_at if voice.consent else None,
        "recording": kept.recording.figures,
        "warnings": kept.recording.warnings,
    }


def _unix_s(voice: Voice) -> int:
    if voice.consent is None:
        return 0
    return int(datetime.datetime.fromisoformat(voice.consent.recorded_at).timestamp())
