"""Polyvox's own protocol over a WebSocket: JSON both ways, and audio in JSON or in binary frames."""

from __future__ import annotations

import base64
import json
from typing import Any

from deployments.http.errors import openai_body
from deployments.websocket.dialect import Caller, Ending
from deployments.websocket.events import (
    Audio,
    ClauseBegun,
    ClauseEnded,
    ClauseSkipped,
    Done,
    Event,
    Failed,
    Flushed,
    Interrupted,
    WordsHeard,
)
from deployments.websocket.messages import (
    Authenticate,
    Close,
    End,
    Flush,
    Interrupt,
    Ping,
    Start,
    Text,
    parse_message,
)
from deployments.websocket.outbox import Message
from deployments.websocket.session import Session
from deployments.websocket.spoken import Report
from deployments.websocket.words import HeardWord
from tts_core.audio.formats import FORMATS
from tts_core.errors import PolyvoxError

VERSION = 1


class PolyvoxDialect:
    """Implements `Dialect`.

    Args:
        is_binary: whether audio comes in binary frames: a byte with the length of the context's name, the
            name, the audio.
    """

    idle_timeout_s = None

    def __init__(self, *, is_binary: bool) -> None:
        self._is_binary = is_binary

    def greeting(self, caller: Caller) -> Message:
        return _dump({"type": "ready", "protocol": VERSION, "request_id": caller.request_id})

    def token(self, body: dict[str, Any]) -> str:
        token = body.get("api_key") if body.get("type") == "authenticate" else ""
        return token if isinstance(token, str) else ""

    async def take(self, body: dict[str, Any], session: Session) -> None:
        message = parse_message(body)
        if isinstance(message, Start):
            await self._start(message, session)
        elif isinstance(message, Text):
            context = session.writable(message.context_id)
            await context.feed(message.text)
            if message.flush:
                context.flush()
        elif isinstance(message, Flush):
            session.writable(message.context_id).flush()
        elif isinstance(message, End):
            session.writable(message.context_id).end()
        elif isinstance(message, Interrupt):
            await _interrupt(message, session)
        elif isinstance(message, Ping):
            await session.send(_dump({"type": "pong"}))
        elif isinstance(message, Close):
            session.close(Ending(1000, "closed"))
        else:
            assert isinstance(message, Authenticate)  # whoever needed to has done so

    async def _start(self, message: Start, session: Session) -> None:
        settings = message.settings()
        await session.open(message.context_id, settings)
        audio_format = message.audio_format()
        started = {
            "type": "started",
            "context_id": message.context_id,
            "response_format": audio_format.value,
            "media_type": FORMATS[audio_format].media_type,
            "sample_rate": message.rate_hz(),
            "seed": settings.wish.seed,
        }
        await session.send(_dump(started))

    def event(self, event: Event) -> Message | None:
        if self._is_binary and isinstance(event, Audio):
            name = event.context_id.encode()
            return bytes([len(name)]) + name + event.data
        return _dump({"context_id": event.context_id, **_fields(event)})

    def error(self, error: PolyvoxError, context_id: str | None) -> Message:
        return _dump({"type": "error", "context_id": context_id, **error_fields(error)})

    def is_fatal(self, error: PolyvoxError) -> bool:
        return False


def error_fields(error: PolyvoxError) -> dict[str, Any]:
    """Return an error as OpenAI has it, and after how many seconds to try again."""
    return {**openai_body(error), "retry_after_s": error.retry_after_s}


async def _interrupt(message: Interrupt, session: Session) -> None:
    played_s = None if message.played_ms is None else message.played_ms / 1000
    if message.context_id is None:
        for context in session.contexts:
            await context.interrupt(played_s)
        return
    found = session.find(message.context_id)
    # Whoever interrupts a context that has just ended is not at fault.
    if found is not None:
        await found.interrupt(played_s)


def _fields(event: Event) -> dict[str, Any]:
    if isinstance(event, Audio):
        audio = base64.b64encode(event.data).decode("ascii")
        return {"type": "audio", "clause": event.index, "audio": audio}
    if isinstance(event, ClauseBegun):
        return {
            "type": "clause",
            "clause": event.index,
            "text": event.clause.text,
            "start_char": event.clause.start,
            "end_char": event.clause.end,
            "start_ms": event.start_ms,
            "seed": event.seed,
            "request_id": event.request_id,
        }
    if isinstance(event, WordsHeard):
        return {"type": "words", "clause": event.index, "words": [_word(event, word) for word in event.words]}
    if isinstance(event, ClauseEnded):
        fields = {"type": "clause_done", "clause": event.index, "end_ms": event.end_ms}
        return {**fields, "num_dropped": event.num_dropped}
    if isinstance(event, ClauseSkipped):
        clause = event.clause
        return {"type": "skipped", "text": clause.text, "start_char": clause.start, "end_char": clause.end}
    if isinstance(event, Flushed):
        return {"type": "flushed"}
    if isinstance(event, Interrupted):
        return {"type": "interrupted", **_report(event.report)}
    if isinstance(event, Failed):
        return {"type": "failed", **error_fields(event.error), **_report(event.report)}
    assert isinstance(event, Done)
    return {"type": "done", "audio_ms": event.audio_ms}


def _word(event: WordsHeard, word: HeardWord) -> dict[str, Any]:
    return {
        "text": event.clause.text[word.start : word.end],
        "start_char": event.clause.start + word.start,
        "end_char": event.clause.start + word.end,
        "start_ms": round(1000 * (event.start_s + word.start_s)),
        "end_ms": round(1000 * (event.start_s + word.end_s)),
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "sent_ms": report.sent_ms,
        "played_ms": report.played_ms,
        "is_estimate": report.is_estimate,
        "spoken_chars": report.spoken_chars,
        "spoken_text": report.spoken_text,
        "unspoken_text": report.unspoken_text,
    }


def _dump(body: dict[str, Any]) -> str:
    # Texts may hold halves of characters; escaped JSON carries them, UTF-8 would not.
    return json.dumps(body, ensure_ascii=True)
