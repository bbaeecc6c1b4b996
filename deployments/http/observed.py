"""Watches answers go by: errors are counted here, whoever told them."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.http.errors import ERROR_CODE
from deployments.metrics.listening import IngressFigures

_ERROR_CODE = ERROR_CODE.lower().encode("ascii")


class Observed:
    """ASGI middleware, around all others of the application's own.

    Args:
        app: what is behind it.
        figures: told the code of every error that an answer begins with.
    """

    def __init__(self, app: ASGIApp, figures: IngressFigures) -> None:
        self._app, self._figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                for name, value in message["headers"]:
                    if name.lower() == _ERROR_CODE:
                        self._figures.told(value.decode("ascii"))
            await send(message)

        await self._app(scope, receive, watched)
