"""The way out of a connection: one message at a time, and none without an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from deployments.websocket.errors import Gone, Stalled

Message = str | bytes


class Outbox:
    """Writes messages of several contexts to one client, in the order in which they come.

    A write returns when the transport has taken it, so whoever makes audio is held back by a slow client.

    Args:
        socket: accepted.
        write_timeout_s: how long the client may take nothing.
    """

    def __init__(self, socket: WebSocket, write_timeout_s: float) -> None:
        self._socket, self._write_timeout_s = socket, write_timeout_s
        self._turn = asyncio.Lock()

    async def send(self, message: Message, before: Callable[[], None] | None = None) -> None:
        """Write, in turn; `before` is called when nothing can keep the message back any more.

        Raises:
            Stalled: the client took nothing for too long.
            Gone: it has left.
        """
        async with self._turn:
            if before is not None:
                before()
            try:
                with anyio.fail_after(self._write_timeout_s):
                    await self._write(message)
            except TimeoutError:
                raise Stalled(f"the client took nothing for {self._write_timeout_s:g} s") from None
            except (WebSocketDisconnect, RuntimeError, OSError) as error:
                raise Gone(type(error).__name__) from None

    async def _write(self, message: Message) -> None:
        if isinstance(message, bytes):
            await self._socket.send_bytes(message)
        else:
            await self._socket.send_text(message)
