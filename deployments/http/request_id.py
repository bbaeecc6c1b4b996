"""A name for every request, fit for a log line. Serve draws it where none is given, and answers with it."""

from __future__ import annotations

import re
import uuid

from starlette.types import ASGIApp, Receive, Scope, Send

_UNFIT = re.compile(r"[^A-Za-z0-9._-]")
_MAX_CHARS = 128


class RequestId:
    """ASGI middleware: puts `request_id` into the request's state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["request_id"] = _given(scope) or uuid.uuid4().hex
        await self._app(scope, receive, send)


def _given(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return _UNFIT.sub("_", str(value, "latin-1"))[:_MAX_CHARS]
    return ""
