"""What a protocol has to know of its connection, and a connection of its protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from deployments.keys.key_file import Key
from deployments.websocket.events import Event
from deployments.websocket.outbox import Message
from tts_core.errors import PolyvoxError

if TYPE_CHECKING:
    from deployments.websocket.session import Session

FindKey = Callable[[str], Key | None]
"""From a token to its key. Raises PolyvoxError."""


@dataclass(frozen=True)
class Ending:
    """How a connection ends: a close code of RFC 6455 and a reason; no code where nobody is there."""

    code: int | None
    reason: str = ""


@dataclass(frozen=True)
class Caller:
    """Who is at the other end.

    Attributes:
        key: whose limits hold; None without keys, or while it isn't known yet.
        find_key: set if the first message has to bring the key.
        key_now: from a key's id to the key as it is now; None without keys. Raises KeyInvalid, ScopeMissing.
        request_id: the connection's name.
        traceparent: the trace that it belongs to.
    """

    key: Key | None
    find_key: FindKey | None
    key_now: Callable[[str], Key] | None
    request_id: str
    traceparent: str | None


class Dialect(Protocol):
    """A protocol: what messages mean, and how events are told."""

    @property
    def idle_timeout_s(self) -> float | None:
        """How long nothing may come, or None for the server's own limit."""
        ...

    def greeting(self, caller: Caller) -> Message | None:
        """Return what a client is told first, if anything. Raises PolyvoxError where it can't be served."""
        ...

    def token(self, body: dict[str, Any]) -> str:
        """Return the API key in a message, or ""."""
        ...

    async def take(self, body: dict[str, Any], session: Session) -> None:
        """Do what a message says. Raises PolyvoxError, Stalled and Gone."""
        ...

    def event(self, event: Event) -> Message | None:
        """Return how an event is told, if it is."""
        ...

    def error(self, error: PolyvoxError, context_id: str | None) -> Message:
        """Return how an error is told, of one context or of the connection."""
        ...

    def is_fatal(self, error: PolyvoxError) -> bool:
        """Whether the connection ends with it."""
        ...
