"""Telling a client why its handshake asks for what can't be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deployments.http.errors import openai_body, without_places
from deployments.websocket.events import Event
from deployments.websocket.outbox import Message
from tts_core.errors import PolyvoxError

if TYPE_CHECKING:
    from deployments.websocket.dialect import Caller
    from deployments.websocket.session import Session


class Refused:
    """Implements `Dialect`: pages see no status of a handshake, so it is accepted, told and closed.

    Args:
        error: what is wrong with it.
    """

    idle_timeout_s = None

    def __init__(self, error: PolyvoxError) -> None:
        self._error = error

    def greeting(self, caller: Caller) -> None:
        raise self._error

    def token(self, body: dict[str, Any]) -> str:
        return ""

    async def take(self, body: dict[str, Any], session: Session) -> None:
        raise self._error

    def event(self, event: Event) -> None:
        """There is none."""

    def error(self, error: PolyvoxError, context_id: str | None) -> Message:
        # Both protocols' clients find what they look for.
        message = without_places(error).message
        told = {"type": "error", "context_id": None, "message": message, "code": 1008}
        return json.dumps({**told, **openai_body(error)})

    def is_fatal(self, error: PolyvoxError) -> bool:
        return True
