"""Credit: how a replica learns what its listeners have been delivered, and its ingresses when a slot is free.

Serve carries a replica's stream in one direction and buffers without bound, so how far a producer may run
ahead has to be told the other way, to that very replica. A handle call can't be aimed at a replica and would
take one of its slots; so each replica listens on a socket of its own, and each ingress keeps one connection
to it. A note is 24 bytes: the stream's id and the samples delivered in all, so notes may be repeated.
A stream belongs to the connection that spoke of it: when an ingress dies, its streams end.

The other way, a replica sends a byte to every ingress whenever one of its streams has ended, so that those
who have been refusing listeners can let one in at once, and needn't ask in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

from deployments.stream_items import CreditAddress
from tts_core.engine.stream import SpeechStream

_NOTE = struct.Struct("!16sQ")
_CONNECT_TIMEOUT_S = 2.0
_ENDED = b"e"


class CreditServer:
    """The replica's end. One per replica, on the replica's event loop."""

    def __init__(self) -> None:
        self._streams: dict[bytes, SpeechStream] = {}
        self._ingresses: set[asyncio.StreamWriter] = set()
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
        """Forget a stream, and say that its slot is free. Notes about it that are under way are ignored."""
        if self._streams.pop(address.stream_id, None) is not None:
            for ingress in self._ingresses:
                if not ingress.is_closing():
                    ingress.write(_ENDED)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken_of: set[bytes] = set()
        self._ingresses.add(writer)
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
            self._ingresses.discard(writer)
            writer.close()


@dataclass(eq=False)
class _Link:
    """A connection to a replica.

    Attributes:
        reader, writer: its two directions.
        on_ended: called with every stream that ends there, whoever's it was.
        num_users: open streams of this ingress.
        listening: hears of streams that end. Held here, since the event loop doesn't hold tasks.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    on_ended: set[Callable[[], None]] = field(default_factory=set)
    num_users: int = 0
    listening: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        with contextlib.suppress(OSError):
            while notes := await self.reader.read(4096):
                for _ in notes:
                    self.tell()

    def tell(self) -> None:
        for call in self.on_ended:
            call()


class CreditLinks:
    """The ingress's end: one connection to each replica that it has streams on."""

    def __init__(self) -> None:
        self._links: dict[tuple[str, int], _Link] = {}
        self._lock = asyncio.Lock()

    async def open(self, address: CreditAddress, on_ended: Callable[[], None]) -> Callable[[int], None]:
        """Connect where needed, claim the stream, and return the function that sends notes about it.

        Args:
            address: of the stream.
            on_ended: called whenever any stream on its replica has ended, as long as this ingress has one
                there, and when its last one there ends.

        Raises:
            OSError: the replica can't be reached. (TimeoutError is one.)
        """
        async with self._lock:
            link = await self._connected((address.host, address.port))
        link.num_users += 1
        link.on_ended.add(on_ended)
        writer = link.writer

        def note(num_delivered: int) -> None:
            if not writer.is_closing():
                writer.write(_NOTE.pack(address.stream_id, num_delivered))

        note(0)
        return note

    async def _connected(self, key: tuple[str, int]) -> _Link:
        link = self._links.get(key)
        if link is not None and not link.writer.is_closing():
            return link
        with anyio.fail_after(_CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(*key)
        fresh = _Link(reader, writer)
        if link is not None:  # it broke: its streams close one by one
            fresh.num_users, fresh.on_ended = link.num_users, link.on_ended
        fresh.listening = asyncio.get_running_loop().create_task(fresh.listen())
        self._links[key] = fresh
        return fresh

    def release(self, address: CreditAddress) -> None:
        """Say that a stream is over; the last one closes the connection."""
        key = (address.host, address.port)
        link = self._links[key]
        link.num_users -= 1
        if link.num_users == 0:
            del self._links[key]
            with contextlib.suppress(OSError):
                link.writer.close()
            link.tell()  # the replica's own word comes too late for this connection
