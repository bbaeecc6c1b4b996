"""Who may open a connection for live text: with a key in the handshake, or else in the first message."""

from __future__ import annotations

import functools
import re

from starlette.requests import HTTPConnection
from starlette.types import Scope

from deployments.http.errors import route_of
from deployments.keys.errors import ScopeMissing
from deployments.keys.key_file import Key
from deployments.keys.key_ring import KeyRing

_PATHS = re.compile(r"/v1/audio/speech/ws|/v1/text-to-speech/[^/]+/(?:multi-)?stream-input")
_HEADERS = ("xi-api-key", "x-api-key")
# A page can't set headers of a WebSocket.
_PARAMETERS = ("api_key", "xi-api-key", "xi_api_key", "authorization")


def is_live_text(scope: Scope) -> bool:
    """Tell whether a connection is one of those that `admit` is for."""
    return scope["type"] == "websocket" and _PATHS.fullmatch(route_of(scope)) is not None


def admit(scope: Scope, ring: KeyRing | None) -> None:
    """Put the caller's key into the state as `key`; or, where the handshake has none, `find_key`.

    Whoever serves a connection with `find_key` has to ask for a token before anything else. Connections last,
    and keys change meanwhile: `key_now` has them as they are.

    Raises:
        PolyvoxError: the key isn't good, or not for this.
    """
    state = scope.setdefault("state", {})
    if ring is None:
        state["key"] = None
        return
    state["key_now"] = lambda key_id: _speaker(ring.get(key_id))
    token = _token(HTTPConnection(scope))
    if token:
        state["key"] = _find(ring, token)
    else:
        state["find_key"] = functools.partial(_find, ring)


def _find(ring: KeyRing, token: str) -> Key:
    return _speaker(ring.find(token))


def _speaker(key: Key) -> Key:
    if not key.allows("speak"):
        raise ScopeMissing("the API key is good, but not for this: its scopes lack 'speak'")
    return key


def _token(connection: HTTPConnection) -> str:
    given = [connection.headers.get("authorization", "")]
    given += [connection.headers.get(name, "") for name in _HEADERS]
    given += [connection.query_params.get(name, "") for name in _PARAMETERS]
    tokens = (value.strip().removeprefix("Bearer ").removeprefix("bearer ").strip() for value in given)
    return next((token for token in tokens if token), "")
