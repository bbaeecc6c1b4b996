"""`POST /v1/text-to-speech/{voice_id}`, with `/stream` and `/with-timestamps`; and the lists of voices.

All of them stream: the first audio is written as soon as there is any, whole answers too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from deployments.http.captioned import captions_of, codec_delay_s
from deployments.http.captions import CaptionedSpeech
from deployments.http.elevenlabs.alignment import Alignment
from deployments.http.elevenlabs.fields import SpeakBody, SpeakQuery
from deployments.http.elevenlabs.formats import parse_output_format
from deployments.http.elevenlabs.forms import ElevenLabsForm
from deployments.http.elevenlabs.framing import AlignedLines, AlignedObject
from deployments.http.elevenlabs.listing import listing_routes
from deployments.http.elevenlabs.paths import SPEAKING
from deployments.http.errors import ERROR_RESPONSES
from deployments.http.resumption import RESUME_FROM, Resumption
from deployments.http.service import Service
from tts_core.audio.formats import AudioFormat
from tts_core.errors import InvalidParameter

_VOICE = SPEAKING + "{voice_id}"


@dataclass(frozen=True)
class Speaker:
    """Answers requests to speak. One per ingress."""

    service: Service

    async def bare(self, voice: str, body: SpeakBody, query: SpeakQuery, request: Request) -> Response:
        """Answer with the audio itself. Raises PolyvoxError while there is a status for it."""
        form = ElevenLabsForm.of(parse_output_format(query.output_format))
        resumption = Resumption.read(request.headers)
        wish = body.wish(voice, query, is_timed=False)
        speech = await self.service.open(wish, request.state.request_id, request.state.key, resumption)
        return await self.service.answer(speech, form, resumption)

    async def aligned(
        self,
        voice: str,
        body: SpeakBody,
        query: SpeakQuery,
        request: Request,
        framing: type[AlignedLines | AlignedObject],
    ) -> Response:
        """Answer with the audio, and when each character of the text is heard in it."""
        if Resumption.read(request.headers) is not None:
            raise InvalidParameter(f"{RESUME_FROM} is for bare audio: begin anew", param=RESUME_FROM)
        output = parse_output_format(query.output_format)
        delay_s = codec_delay_s(output.audio_format or AudioFormat.PCM, output.rate_hz)
        wish = body.wish(voice, query, is_timed=True)
        speech = await self.service.open(wish, request.state.request_id, request.state.key)
        captions = await captions_of(speech, body.text, delay_s)
        form = ElevenLabsForm.of(output, framing(Alignment(captions, body.text)))
        return await self.service.answer(CaptionedSpeech(speech, captions), form, None)


def elevenlabs_routes(service: Service) -> APIRouter:
    """Return the routes, bound to the service that answers them."""
    router, speaker = APIRouter(tags=["ElevenLabs"]), Speaker(service)
    options: dict[str, Any] = {
        "response_class": Response,
        "responses": {**ERROR_RESPONSES, 200: {"description": "The audio, streamed while it is made."}},
    }

    @router.post(_VOICE, **options)
    async def speak(
        voice_id: str, body: SpeakBody, query: Annotated[SpeakQuery, Query()], request: Request
    ) -> Response:
        """Speak a text: ElevenLabs' request and its answer."""
        return await speaker.bare(voice_id, body, query, request)

    @router.post(f"{_VOICE}/stream", **options)
    async def stream(
        voice_id: str, body: SpeakBody, query: Annotated[SpeakQuery, Query()], request: Request
    ) -> Response:
        """Speak a text, as the route without `/stream` does."""
        return await speaker.bare(voice_id, body, query, request)

    @router.post(f"{_VOICE}/with-timestamps", **options)
    async def speak_aligned(
        voice_id: str, body: SpeakBody, query: Annotated[SpeakQuery, Query()], request: Request
    ) -> Response:
        """Answer with one JSON object: the audio in base64, and when each character is heard."""
        return await speaker.aligned(voice_id, body, query, request, AlignedObject)

    @router.post(f"{_VOICE}/stream/with-timestamps", **options)
    async def stream_aligned(
        voice_id: str, body: SpeakBody, query: Annotated[SpeakQuery, Query()], request: Request
    ) -> Response:
        """Answer with a JSON object a line: a piece of audio, and the characters that it completes."""
        return await speaker.aligned(voice_id, body, query, request, AlignedLines)

    router.routes.extend(listing_routes(service).routes)
    return router
