"""Watches requests and answers go by: here they are traced, and errors counted, whoever told them."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.http.errors import ERROR_CODE, route_of
from deployments.metrics.listening import IngressFigures
from deployments.tracing.untraced import Attributes, Untraced

_ERROR_CODE = ERROR_CODE.lower().encode("ascii")
_UNTRACED = frozenset({"/ping", "/healthz", "/readyz"})


class Observed:
    """ASGI middleware, around all others of the application's own but `RequestId`.

    Args:
        app: what is behind it.
        figures: told the code of every error that an answer begins with.
        tracing: traces every request but questions about health.
    """

    def __init__(self, app: ASGIApp, figures: IngressFigures, tracing: Untraced) -> None:
        self._app, self._figures, self._tracing = app, figures, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found: Attributes = {}

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                found.update(self._look(message))
                self._tracing.event("answer", {})
            await send(message)

        tracing = Untraced() if route_of(scope) in _UNTRACED else self._tracing
        about: Attributes = {
            "http.request.method": scope["method"],
            "polyvox.request_id": scope["state"]["request_id"],
        }
        traceparent = HTTPConnection(scope).headers.get("traceparent")
        with tracing.request(scope["method"], traceparent, about) as finish:
            try:
                await self._app(scope, receive, watched)
            finally:
                # Whatever matches no route has no name of its own: paths are without bound.
                route = getattr(scope.get("route"), "path", "")
                finish(f"{scope['method']} {route}".strip(), {**found, "http.route": route})

    def _look(self, start: Message) -> Attributes:
        found: Attributes = {"http.response.status_code": start["status"]}
        for name, value in start["headers"]:
            if name.lower() == _ERROR_CODE:
                found["error.type"] = value.decode("ascii")
                self._figures.told(value.decode("ascii"))
        return found
