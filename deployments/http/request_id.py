"""A name for every request, fit for headers and log lines.

Serve takes the name from the request, puts it into every log line of the request and into the answer's
headers. It fails on names, and on some other headers, that aren't UTF-8, and takes the first name for the
answer and the last one for the log. So `CleanHeaders` goes before everything that Serve does; Serve asks
`middlewares` for it where RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH names that function.
"""

from __future__ import annotations

import re
import time
import uuid

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

_UNFIT = re.compile(r"[^A-Za-z0-9._-]")
_MAX_CHARS = 128
_HEADER = b"x-request-id"

# Serve obeys these, whoever sends them: a client that hung up would have its speech made to the end, and
# choose its own time limit, replica and model.
_SERVES_OWN = frozenset(
    {
        b"x-request-disconnect-disabled",
        b"x-request-timeout-seconds",
        b"x-session-id",
        b"serve_multiplexed_model_id",
        b"serve-multiplexed-model-id",
    }
)

_DROPPED = _SERVES_OWN | {_HEADER}

MIDDLEWARES_PATH = "deployments.http.request_id.middlewares"


def middlewares() -> list[Middleware]:
    """Return what Serve is to put before its own middleware."""
    return [Middleware(CleanHeaders)]


class CleanHeaders:
    """ASGI middleware: gives each request one name, and drops headers that would command Serve.

    Those that aren't ASCII go, too: nobody reads any.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            name = _given(scope) or uuid.uuid4().hex
            headers = [
                (header, value)
                for header, value in scope["headers"]
                if header not in _DROPPED and header.isascii() and value.isascii()
            ]
            scope = {**scope, "headers": [*headers, (_HEADER, name.encode("ascii"))]}
        await self._app(scope, receive, send)


class RequestId:
    """ASGI middleware: puts `request_id` into the request's state, and when it arrived."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            state = scope.setdefault("state", {})
            state["request_id"] = _given(scope) or uuid.uuid4().hex
            state["arrived_s"] = time.monotonic()
        await self._app(scope, receive, send)


def arrived_s(scope: Scope) -> float:
    """Return when a request arrived, by the monotonic clock; now, if nobody noted it."""
    return float(scope.get("state", {}).get("arrived_s", time.monotonic()))


def stream_id(request_id: str) -> str:
    """Return a name for the speech of a request. Clients may repeat names of theirs; this one is unique."""
    return f"{request_id}/{uuid.uuid4().hex[:8]}"


def fit_for_log(name: str) -> str:
    """Return a client's name for something as it may stand in logs, headers and names of streams."""
    return _UNFIT.sub("_", name)


def request_of(stream_id: str) -> str:
    """Return the name of the request that a stream belongs to, whichever replicas it went through."""
    return stream_id.partition("/")[0]


def _given(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _HEADER:
            return fit_for_log(str(value, "latin-1"))[:_MAX_CHARS]
    return ""
