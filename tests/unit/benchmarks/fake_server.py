"""A speech server that follows a script: what to send, after which pauses, and how to end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Script:
    """One answer. `pieces` are (pause in seconds, bytes); a cut answer lacks its proper end."""

    pieces: tuple[tuple[float, bytes], ...] = ()
    status: int = 200
    content_type: str = "audio/pcm"
    wait_s: float = 0.0
    cut: bool = False


@dataclass
class FakeServer:
    """The running server: its URL, what it was asked, and how its answers went.

    `num_sent` counts pieces that the socket took; `num_gone` clients that went away in mid-answer.
    """

    scripts: Mapping[str, Script]
    port: int = 0
    paths: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    num_connections: int = 0
    num_sent: int = 0
    num_gone: int = 0
    someone_gone: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.num_connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except asyncio.IncompleteReadError:
            return  # the client had no further request
        except ConnectionError:
            async with self.someone_gone:
                self.num_gone += 1
                self.someone_gone.notify_all()
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection may carry another."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.partition(":") for line in head.splitlines()]
        length = next(int(value) for name, _, value in lines if name.lower() == "content-length")
        body = json.loads(await reader.readexactly(length))
        self.paths.append(head.split()[1])
        self.bodies.append(body)
        script = self.scripts[body.get("input") or body["text"]]
        await asyncio.sleep(script.wait_s)
        fields = f"Content-Type: {script.content_type}\r\nTransfer-Encoding: chunked"
        writer.write(f"HTTP/1.1 {script.status} Scripted\r\n{fields}\r\n\r\n".encode())
        for pause_s, data in script.pieces:
            await asyncio.sleep(pause_s)
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()
            self.num_sent += 1
        if not script.cut:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        return not script.cut


@asynccontextmanager
async def serving(scripts: Mapping[str, Script]) -> AsyncIterator[FakeServer]:
    """Serve answers by text on a free port of this machine."""
    fake = FakeServer(scripts)
    server = await asyncio.start_server(fake.answer, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    async with server:
        yield fake
