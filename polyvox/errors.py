"""What can go wrong only between a person's terminal and the rest."""

from __future__ import annotations

from tts_core.errors import PolyvoxError


class ServerUnreachable(PolyvoxError):
    """Nobody answers at the server's address."""

    code = "server_unreachable"


class ServerRefused(PolyvoxError):
    """A server answered, but not as Polyvox does."""

    code = "server_refused"


class OutputFailed(PolyvoxError):
    """The audio can't be written where it should go."""

    code = "output_failed"
