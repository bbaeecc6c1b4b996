"""ElevenLabs' WebSockets, so that agents written for them connect: `stream-input`, `multi-stream-input`.

Written after the public description of the protocol and what its clients send. Differences are told in
docs/websocket.md: alignments come in messages of their own, bit rates are the server's own, and of the voice
settings only speed has an effect.
"""

from __future__ import annotations

import base64
import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deployments.http.elevenlabs.fields import VoiceSettings
from deployments.http.elevenlabs.formats import DEFAULT, parse_output_format
from deployments.http.errors import without_places
from deployments.http.openai import Name
from deployments.http.planning import MAX_SEED, Wish
from deployments.websocket.alignment import alignment_of
from deployments.websocket.clause_detector import SCHEDULE
from deployments.websocket.context import Context
from deployments.websocket.dialect import Caller, Ending
from deployments.websocket.errors import IdleTimeout, MalformedMessage, SessionEnds
from deployments.websocket.events import Audio, Done, Event, Failed, WordsHeard
from deployments.websocket.messages import MAX_ID_CHARS, Piece, drawn, refusal
from deployments.websocket.outbox import Message
from deployments.websocket.session import Session
from deployments.websocket.turn import ContextSettings
from tts_core.errors import PolyvoxError

DEFAULT_TIMEOUT_S = 20.0
# Codes as ElevenLabs' clients know them; the rest are our own.
_CODES = {IdleTimeout.code: "input_timeout_exceeded", MalformedMessage.code: "invalid_input_message"}
_SURVIVED = (SessionEnds,)


class Query(BaseModel):
    """What stands in the address. Parameters that have no meaning here are ignored."""

    voice: Name
    model_id: Name | None = None
    output_format: str = DEFAULT
    language_code: Name | None = None
    inactivity_timeout: Annotated[float, Field(gt=0, le=180, allow_inf_nan=False)] = DEFAULT_TIMEOUT_S
    seed: Annotated[int, Field(ge=-1, le=MAX_SEED)] | None = None


class GenerationConfig(BaseModel):
    """After how many characters a comma ends a clause."""

    chunk_length_schedule: (
        Annotated[list[Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1, max_length=20)] | None
    ) = None


class ClientMessage(BaseModel):
    """Any message of either socket: they are told apart by what is in them."""

    model_config = ConfigDict(strict=True)

    text: Piece | None = None
    context_id: Annotated[str, Field(max_length=MAX_ID_CHARS)] | None = None
    voice_settings: VoiceSettings | None = None
    generation_config: GenerationConfig | None = None
    flush: bool | None = None
    close_context: bool | None = None
    close_socket: bool | None = None
    immediate: bool | None = None


class ElevenLabsDialect:
    """Implements `Dialect`.

    Args:
        query: of the handshake.
        is_multi: whether the socket carries several contexts.
    """

    def __init__(self, query: Query, *, is_multi: bool) -> None:
        self._query, self._is_multi = query, is_multi
        self._format = parse_output_format(query.output_format)
        self._seed = drawn(query.seed)

    @property
    def idle_timeout_s(self) -> float:
        return self._query.inactivity_timeout

    def greeting(self, caller: Caller) -> None:
        """There is none."""

    def token(self, body: dict[str, Any]) -> str:
        for name in ("xi_api_key", "xi-api-key", "authorization"):
            value = body.get(name)
            if isinstance(value, str) and value:
                return value.removeprefix("Bearer ").strip()
        return ""

    async def take(self, body: dict[str, Any], session: Session) -> None:
        try:
            message = ClientMessage.model_validate(body)
        except ValidationError as error:
            raise refusal(error) from None
        if message.close_socket:
            session.close(Ending(1000, "closed"))
        elif self._is_multi:
            await self._take_of_many(message, session)
        elif message.text == "":
            session.close(Ending(1000, "closed"))
        else:
            await _feed(await self._context(message, session), message)

    async def _take_of_many(self, message: ClientMessage, session: Session) -> None:
        context_id = message.context_id or ""
        found = session.find(context_id)
        if message.close_context:
            if found is not None and message.immediate:
                found.end()
                await found.interrupt(None)
            elif found is not None:
                found.end()
        elif message.text or (message.flush and found is not None):
            await _feed(await self._context(message, session), message)

    async def _context(self, message: ClientMessage, session: Session) -> Context:
        """Return the context that a message is for, opened by its first message."""
        context_id = message.context_id or "" if self._is_multi else ""
        if session.find(context_id) is not None:
            return session.writable(context_id)
        return await session.open(context_id, self._settings(message), evicts_idle=True)

    def _settings(self, message: ClientMessage) -> ContextSettings:
        query = self._query
        speed = message.voice_settings.speed if message.voice_settings else None
        config = message.generation_config
        wish = Wish(
            text="",
            voice=query.voice,
            model=query.model_id,
            language=query.language_code,
            speed=1.0 if speed is None else speed,
            seed=self._seed,
            is_timed=True,
        )
        schedule = config.chunk_length_schedule if config else None
        schedule_chars = tuple(schedule or SCHEDULE)
        return ContextSettings(wish, self._format.encoder, schedule_chars, wants_words=True)

    def event(self, event: Event) -> Message | None:
        named = {"contextId": event.context_id or None} if self._is_multi else {}
        if isinstance(event, Audio):
            audio = base64.b64encode(event.data).decode("ascii")
            nothing = {"isFinal": False if self._is_multi else None, "normalizedAlignment": None}
            return _dump({"audio": audio, **nothing, "alignment": None, **named})
        if isinstance(event, WordsHeard):
            told = alignment_of(event)
            final = {"isFinal": False if self._is_multi else None}
            return _dump({"audio": None, **final, "normalizedAlignment": told, "alignment": told, **named})
        if isinstance(event, Done):
            return _dump({"isFinal": True, "audio": None, **named})
        if isinstance(event, Failed):
            return self.error(event.error, event.context_id)
        return None

    def error(self, error: PolyvoxError, context_id: str | None) -> Message:
        code = _CODES.get(error.code, error.code)
        named = {"contextId": context_id or None} if self._is_multi else {}
        return _dump({"message": without_places(error).message, "error": code, "code": 1008, **named})

    def is_fatal(self, error: PolyvoxError) -> bool:
        """One voice that can't speak is all that a socket of one context has."""
        return not self._is_multi and not isinstance(error, _SURVIVED)


async def _feed(context: Context, message: ClientMessage) -> None:
    if message.text:
        await context.feed(message.text)
    if message.flush:
        context.flush()


def _dump(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=True)
