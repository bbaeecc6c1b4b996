"""What a caller is told who may not ask, or asks for too much."""

from __future__ import annotations

from tts_core.errors import PolyvoxError


class KeyMissing(PolyvoxError):
    """The server asks for a key, and none was sent."""

    code = "missing_api_key"


class KeyInvalid(PolyvoxError):
    """The key that was sent isn't one of the server's."""

    code = "invalid_api_key"


class ScopeMissing(PolyvoxError):
    """The key is good, but not for this."""

    code = "insufficient_scope"


class LimitReached(PolyvoxError):
    """The key has used up what it may use; others may still be served."""

    code = "rate_limit_exceeded"
