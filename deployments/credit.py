"""Credit: how a replica learns what its listeners have been delivered.

Serve carries a replica's stream in one direction and buffers without bound, so how far a producer may run
ahead has to be told the other way, to that very replica. A handle call can't be aimed at a replica and would
take one of its slots; so each replica listens on a socket of its own, and each ingress keeps one connection
to it. A note is 24 bytes: the stream's id and the samples delivered in all, so notes may be repeated.
A stream belongs to the connection that spoke of it: when an ingress dies, its streams end.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import struct
from collections.abc import Callable

import anyio

from deployments.stream_items import CreditAddress
from tts_core.engine.stream import SpeechStream

_NOTE = struct.Struct("!16sQ")
_CONNECT_TIMEOUT_S = 2.0


class CreditServer:
    """The replica's end. One per replica, on the replica's event loop."""

    def __init__(self) -> None:
        self._streams: dict[bytes, SpeechStream] = {}
        self._server: asyncio.Server | None = None
        self._host = ""
        self._port = 0

    async def start(self, host: str) -> None:
        """Listen on a free port of `host`, this node's address in the cluster."""
        self._server = await asyncio.start_server(self._serve, host, 0)
        self._host, self._port = self._server.sockets[0].getsockname()[:2]

    def register(self, stream: SpeechStream) -> CreditAddress:
        """Give a stream an id that can't be guessed."""
        stream_id = secrets.token_bytes(16)
        self._streams[stream_id] = stream
        return CreditAddress(self._host, self._port, stream_id)

    def release(self, address: CreditAddress) -> None:
        """Forget a stream. Notes about it that are under way are ignored."""
        self._streams.pop(address.stream_id, None)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken_of: set[bytes] = set()
        try:
            while True:
                stream_id, num_delivered = _NOTE.unpack(await reader.readexactly(_NOTE.size))
                stream = self._streams.get(stream_id)
                if stream is not None:
                    spoken_of.add(stream_id)
                    stream.acknowledge(num_delivered)
                spoken_of &= self._streams.keys()
        except (asyncio.IncompleteReadError, OSError):
            for stream_id in spoken_of & self._streams.keys():
                self._streams[stream_id].cancel()
        finally:
            writer.close()


class CreditLinks:
    """The ingress's end: one connection to each replica that it has streams on."""

    def __init__(self) -> None:
        self._links: dict[tuple[str, int], asyncio.StreamWriter] = {}
        self._users: dict[tuple[str, int], int] = {}
        self._lock = asyncio.Lock()

    async def open(self, address: CreditAddress) -> Callable[[int], None]:
        """Connect where needed, claim the stream, and return the function that sends notes about it.

        Raises:
            OSError: the replica can't be reached. (TimeoutError is one.)
        """
        key = (address.host, address.port)
        async with self._lock:
            writer = await self._connected(key)
        self._users[key] = self._users.get(key, 0) + 1

        def note(num_delivered: int) -> None:
            if not writer.is_closing():
                writer.write(_NOTE.pack(address.stream_id, num_delivered))

        note(0)
        return note

    async def _connected(self, key: tuple[str, int]) -> asyncio.StreamWriter:
        link = self._links.get(key)
        if link is not None and not link.is_closing():
            return link
        with anyio.fail_after(_CONNECT_TIMEOUT_S):
            _, self._links[key] = await asyncio.open_connection(*key)
        return self._links[key]

    def release(self, address: CreditAddress) -> None:
        """Say that a stream is over; the last one closes the connection."""
        key = (address.host, address.port)
        self._users[key] -= 1
        if self._users[key] == 0:
            del self._users[key]
            with contextlib.suppress(OSError):
                self._links.pop(key).close()
