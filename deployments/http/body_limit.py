"""Refuse a body before it is held in memory, and wait for it only so long."""

from __future__ import annotations

import time

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.http.errors import error_response, route_of
from tts_core.errors import BodyTooLarge, PolyvoxError


class BodyTimeout(PolyvoxError):
    """The body takes longer to arrive than anybody's line does."""

    code = "body_timeout"


class BodyLimit:
    """ASGI middleware: answers 413 once a body exceeds `max_bytes`, declared or not, and 408 to a slow one.

    Args:
        app: what is behind it.
        max_bytes: of a body.
        timeout_s: from when the body is first asked for until all of it is here.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, timeout_s: float) -> None:
        self._app = app
        self._max_bytes, self._timeout_s = max_bytes, timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _declared_length(scope) > self._max_bytes:
            await error_response(self._too_large(), route_of(scope))(scope, receive, send)
        else:
            await self._app(scope, self._limited(receive), send)

    def _limited(self, receive: Receive) -> Receive:
        num_received = 0
        until_s: float | None = None
        is_whole = False

        async def limited() -> Message:
            nonlocal num_received, until_s, is_whole
            until_s = until_s or time.monotonic() + self._timeout_s
            # Behind the body comes the listener's leaving, which nobody hurries.
            message = await receive() if is_whole else await self._in_time(receive, until_s)
            num_received += len(message.get("body", b""))
            is_whole = is_whole or not message.get("more_body", False)
            if num_received > self._max_bytes:
                raise self._too_large()
            return message

        return limited

    async def _in_time(self, receive: Receive, until_s: float) -> Message:
        try:
            with anyio.fail_after(max(0.0, until_s - time.monotonic())):
                return await receive()
        except TimeoutError:
            raise BodyTimeout(f"the body didn't arrive within {self._timeout_s:g} s") from None

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the body may have {self._max_bytes} bytes at most")


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
