"""What can go wrong on a connection and in no single request."""

from __future__ import annotations

from tts_core.errors import PolyvoxError, RequestError


class MalformedMessage(RequestError):
    """A message isn't JSON, or not of the protocol."""

    code = "malformed_message"


class UnknownContext(RequestError):
    """A message is for a context that isn't open."""

    code = "unknown_context"


class ContextInUse(RequestError):
    """A context of that name is open, or is speaking its last."""

    code = "context_in_use"


class TooManyContexts(RequestError):
    """The connection has as many contexts as it may."""

    code = "too_many_contexts"


class IdleTimeout(PolyvoxError):
    """Nothing came for too long."""

    code = "idle_timeout"


class SessionEnds(PolyvoxError):
    """The server closes the connection in good order: it is old, or the server goes."""

    code = "session_ends"


class Stalled(Exception):
    """The client takes nothing that is sent."""


class Gone(Exception):
    """There is nobody at the other end."""
