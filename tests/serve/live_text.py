"""Clients of the WebSockets, of every temper."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

LIVE_TEXT = "/v1/audio/speech/ws"
START = {"type": "start", "voice": "en-us", "model": "formant", "seed": 3}


class Talker:
    """One connection in Polyvox's own protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def start(self, context_id: str = "default", **fields: Any) -> None:
        await self.socket.send(json.dumps({**START, "context_id": context_id, **fields}))

    async def say(self, pieces: Iterable[str], context_id: str = "default") -> None:
        for piece in pieces:
            await self.send("text", text=piece, context_id=context_id)

    async def receive(self) -> Any:
        return json.loads(await asyncio.wait_for(self.socket.recv(), 20))

    async def until_closed(self) -> tuple[list[Any], int | None]:
        """Return what comes before the connection ends, and the code with which it ends."""
        got = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                got.append(await self.receive())
        return got, self.socket.close_code

    async def until(self, kind: str) -> list[Any]:
        got = [await self.receive()]
        while got[-1]["type"] != kind:
            got.append(await self.receive())
        return got


@asynccontextmanager
async def talking(url: str, path: str = LIVE_TEXT) -> AsyncIterator[Talker]:
    address = url.replace("http", "ws", 1) + path
    async with connect(address, max_size=None, open_timeout=20) as socket:
        yield Talker(socket)


def audio_of(messages: Iterable[Any], context_id: str = "default") -> bytes:
    """Return the audio of a context, joined."""
    mine = (m for m in messages if m["type"] == "audio" and m["context_id"] == context_id)
    return b"".join(base64.b64decode(m["audio"]) for m in mine)


async def spoken(url: str, pieces: Iterable[str], **fields: Any) -> bytes:
    """Return the audio of a text that comes in these pieces."""
    async with talking(url) as talker:
        await talker.start(**fields)
        await talker.say(pieces)
        await talker.send("end")
        return audio_of(await talker.until("done"))
