"""Who is at the other end of a connection, and whether they may stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from deployments.keys.errors import KeyMissing
from deployments.keys.key_file import Key
from deployments.keys.limits import Limiter
from deployments.websocket.dialect import Caller

KEY_PATIENCE_S = 10.0
"""How long a client that sent no key in the handshake may take to send one."""
MAX_STRANGERS = 64
"""Connections to one ingress that have brought no key yet."""


def _nothing() -> None:
    pass


class Strangers:
    """Who has connected and has yet to bring a key. Belongs to the event loop.

    Each takes a place that somebody with a key could have. Clients send their keys as soon as they are
    connected: where there are too many without, whoever has been silent for longest has to go.
    """

    def __init__(self) -> None:
        self._send_away: dict[Hashable, Callable[[], None]] = {}

    def come(self, who: Hashable, send_away: Callable[[], None]) -> None:
        """Let somebody wait for a key; `send_away` is called if there is no place for them any more."""
        if len(self._send_away) >= MAX_STRANGERS:
            self._send_away.pop(next(iter(self._send_away)))()
        self._send_away[who] = send_away

    def leave(self, who: Hashable) -> None:
        """Say that somebody is known by now, or has gone."""
        self._send_away.pop(who, None)


class Entrance:
    """Lets one connection's client in, by its key.

    Args:
        caller: what the handshake says.
        limiter: of keys' use.
        strangers: those who wait beside it.
    """

    def __init__(self, caller: Caller, limiter: Limiter, strangers: Strangers) -> None:
        self._caller, self._limiter, self._strangers = caller, limiter, strangers
        self._key: Key | None = None
        self._began_s = time.monotonic()
        self._leave_key: Callable[[], None] = _nothing
        self.is_open = False
        """Whether the client may use the connection."""

    def come(self, send_away: Callable[[], None]) -> None:
        """Let in whom the handshake has told of; others wait for `admit`, or until `send_away` is called.

        Raises:
            LimitReached: the key has as many connections as it may.
        """
        if self._caller.find_key is None:
            self._let_in(self._caller.key)
        else:
            self._strangers.come(self, send_away)

    def admit(self, token: str) -> None:
        """Let in who brings a key with the first message.

        Raises:
            KeyMissing, KeyInvalid, ScopeMissing, LimitReached: as they say.
        """
        assert self._caller.find_key is not None
        if not token:
            raise KeyMissing("an API key is needed, in the handshake's headers or in the first message")
        self._let_in(self._caller.find_key(token))
        self._strangers.leave(self)

    def is_overdue(self, now_s: float) -> bool:
        """Whether no key has come for too long, by the monotonic clock."""
        return not self.is_open and now_s - self._began_s > KEY_PATIENCE_S

    def key_now(self) -> Key | None:
        """Return the key as it is now. Raises KeyInvalid or ScopeMissing where it isn't good any more."""
        key_now = self._caller.key_now
        return self._key if self._key is None or key_now is None else key_now(self._key.id)

    def leave(self) -> None:
        """Say that the connection has ended."""
        self._strangers.leave(self)
        self._leave_key()
        self._leave_key = _nothing

    def _let_in(self, key: Key | None) -> None:
        self._leave_key = self._limiter.connect(key)
        self._key, self.is_open = key, True
