"""Credit: how a replica learns what its listeners have been delivered, and its ingresses when a slot is free.

Serve carries a replica's stream in one direction and buffers without bound, so how far a producer may run
ahead has to be told the other way, to that very replica. A handle call can't be aimed at a replica and would
take one of its slots; so each replica listens on a socket of its own, and each ingress keeps one connection
to it, from the first stream there to the replica's end. A note is 24 bytes: the stream's id and the samples
delivered in all, so notes may be repeated. A stream belongs to the connection that spoke of it: when an
ingress dies, its streams end. They end with an error, since it may be the way between that is broken: an
ingress that lives must not take what it has by then for all.

The other way, a replica sends a byte to every ingress whenever one of its streams has ended, so that those
who have been refusing listeners can let one in at once, and needn't ask in between. A sign of life is what an
ingress asks for with a note of no stream: see `pulse`. A replica that can tell says with it what room it has,
of which no other word is heard when a listener who has stalled lends a slot. Whom an ingress refuses without
asking, it says in a note, too: they are listeners whom replicas are wanted for.

What either doesn't know, it ignores: during an update they may be of different versions.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import struct
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import anyio

from deployments.pulse import PULSE_S, Pulse
from deployments.stream_items import CreditAddress
from tts_core.engine.protocol import Room
from tts_core.engine.stream import SpeechStream
from tts_core.errors import StreamInterrupted

_NOTE = struct.Struct("!16sQ")
_CONNECT_TIMEOUT_S = 2.0
_FORGET_S = 60.0
"""A replica that is silent for so long, and speaks to nobody here, has gone without a word; and so has an
ingress, whatever it listens to, since it asks for a sign of life all the time."""
_ENDED = b"e"
_HERE = b"h"
_SAID = re.compile(rb"e|h|r(\d{3})(\d{3})")
"""What a replica says: that a stream has ended; that it lives; how many slots are free, and when one is, in
tenths of a second."""
_MOST_SAID = 999
_LONGEST_PART = 6
_ANYBODY = _NOTE.pack(bytes(16), 0)
_TURNED_AWAY = b"\xff" * 16

OnRoom = Callable[[str, Room | None], None]
"""Told of a replica, by Serve's unique id of it, what room it has; None: a stream has ended there."""


class CreditServer:
    """The replica's end. One per replica, on the replica's event loop.

    Args:
        room: what there is; None where that can't be told.
        on_turned_away: told how many an ingress has refused without asking.
    """

    def __init__(
        self,
        room: Callable[[], Room | None] = lambda: None,
        on_turned_away: Callable[[int], None] = lambda num: None,
    ) -> None:
        self._room, self._on_turned_away = room, on_turned_away
        self._streams: dict[bytes, SpeechStream] = {}
        self._ingresses: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._host = ""
        self._port = 0
        self._replica = ""

    async def start(self, host: str, replica: str) -> None:
        """Listen on a free port of `host`, this node's address in the cluster, for the replica of that id."""
        self._replica = replica
        self._server = await asyncio.start_server(self._serve, host, 0)
        self._host, self._port = self._server.sockets[0].getsockname()[:2]

    def register(self, stream: SpeechStream) -> CreditAddress:
        """Give a stream an id that can't be guessed."""
        stream_id = secrets.token_bytes(16)
        self._streams[stream_id] = stream
        return CreditAddress(self._host, self._port, stream_id, self._replica)

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
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):  # a TimeoutError is one
                await self._take_notes(reader, writer, spoken_of)
        finally:
            self._ingresses.discard(writer)
            writer.close()
            for stream_id in spoken_of & self._streams.keys():
                gone = StreamInterrupted("the ingress is out of reach", retry_after_s=1)
                self._streams[stream_id].fail(gone)

    async def _take_notes(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, spoken_of: set[bytes]
    ) -> None:
        is_ingress = False
        while True:
            with anyio.fail_after(_FORGET_S):
                note = await reader.readexactly(_NOTE.size)
            if note == _ANYBODY:
                writer.write(_sign_of_life(self._room()))
                continue
            stream_id, num_delivered = _NOTE.unpack(note)
            if stream_id == _TURNED_AWAY:
                # Only an ingress can have named a stream: others that reach the port are to size no fleet.
                if is_ingress:
                    self._on_turned_away(num_delivered)
                continue
            stream = self._streams.get(stream_id)
            if stream is not None:
                is_ingress = True
                spoken_of.add(stream_id)
                stream.acknowledge(num_delivered)
            spoken_of.intersection_update(self._streams)  # in place: `_serve` has it, too


def _sign_of_life(room: Room | None) -> bytes:
    if room is None:
        return _HERE
    figures = (room.num_free, round(10 * room.soonest_s))
    return b"r%03d%03d" % tuple(min(max(0, figure), _MOST_SAID) for figure in figures)


@dataclass(eq=False)
class _Link:
    """A connection to a replica.

    Attributes:
        replica: Serve's unique id of it.
        reader, writer: its two directions.
        pulse: of the replica; None for one that gives no signs of life.
        on_room: told what room it has, and of every stream that ends there, whoever's it was.
        on_silence: by stream of this ingress, told how long the replica has been silent.
        tasks: what listens and asks. Held here, since the event loop doesn't hold tasks.
    """

    replica: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pulse: Pulse | None
    on_room: set[OnRoom] = field(default_factory=set)
    on_silence: dict[bytes, Callable[[float], None]] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def listen(self) -> None:
        """Return when the replica is gone, or given up."""
        rest = b""
        with contextlib.suppress(OSError):
            while notes := await self.reader.read(4096):
                if self.pulse is not None:
                    self.pulse.heard()
                rest = self._take_in(rest + notes)

    def _take_in(self, notes: bytes) -> bytes:
        """Tell what was said, and return what may be the beginning of more."""
        num_taken = 0
        for said in _SAID.finditer(notes):
            num_taken = said.end()
            if said[0] == _ENDED:
                self.tell(None)
            elif said[0] != _HERE:
                self.tell(Room(int(said[1]), int(said[2]) / 10))
        return notes[num_taken:][-_LONGEST_PART:]

    def tell(self, room: Room | None) -> None:
        for call in self.on_room:
            call(self.replica, room)

    async def feel(self, pulse: Pulse, on_fallen_silent: Callable[[], None]) -> None:
        """Ask for signs of life until the connection ends."""
        try:
            while not self.writer.is_closing():
                has_fallen = pulse.beat()
                self.writer.write(_ANYBODY)
                for call in tuple(self.on_silence.values()):
                    call(pulse.silence_s)
                if has_fallen:
                    on_fallen_silent()
                if pulse.silence_s >= _FORGET_S and not self.on_silence:
                    break
                await asyncio.sleep(PULSE_S)
        finally:
            self.writer.close()


class CreditLinks:
    """The ingress's end: one connection to each replica that it has had streams on."""

    def __init__(self) -> None:
        self._links: dict[tuple[str, int], _Link] = {}
        # One for each replica: one that can't be reached holds up nobody else's streams.
        self._connecting: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()
        self._asking: set[Callable[[], None]] = set()

    @contextlib.contextmanager
    def asking(self, on_silence: Callable[[], None]) -> Iterator[None]:
        """Call `on_silence` if any replica falls silent within: perhaps it is the one that was asked."""
        self._asking.add(on_silence)
        try:
            yield
        finally:
            self._asking.discard(on_silence)

    async def open(
        self, address: CreditAddress, on_room: OnRoom, on_silence: Callable[[float], None]
    ) -> Callable[[int], None]:
        """Connect where needed, claim the stream, and return the function that sends notes about it.

        Args:
            address: of the stream.
            on_room: told what room its replica has, and whenever any stream there has ended, from now on.
            on_silence: called several times a second until `release`, with the seconds for which the replica
                has given no sign of life.

        Raises:
            OSError: the replica can't be reached. (TimeoutError is one.)
        """
        lock = self._connecting.setdefault((address.host, address.port), asyncio.Lock())
        async with lock:
            link = await self._connected(address)
        link.on_silence[address.stream_id] = on_silence
        link.on_room.add(on_room)
        writer = link.writer

        def note(num_delivered: int) -> None:
            if not writer.is_closing():
                writer.write(_NOTE.pack(address.stream_id, num_delivered))

        note(0)
        return note

    async def _connected(self, address: CreditAddress) -> _Link:
        key = (address.host, address.port)
        link = self._links.get(key)
        if link is not None and not link.writer.is_closing():
            return link
        with anyio.fail_after(_CONNECT_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(*key)
        pulse = Pulse(address.replica) if address.replica else None
        fresh = _Link(address.replica, reader, writer, pulse)
        create_task = asyncio.get_running_loop().create_task
        fresh.tasks.append(create_task(self._keep(key, fresh)))
        if fresh.pulse is not None:
            fresh.tasks.append(create_task(fresh.feel(fresh.pulse, self._tell_asking)))
        self._links[key] = fresh
        return fresh

    async def _keep(self, key: tuple[str, int], link: _Link) -> None:
        """Listen to a replica, and forget it when it is gone."""
        try:
            await link.listen()
        finally:
            if link.pulse is not None:
                link.pulse.end()
            with contextlib.suppress(OSError):
                link.writer.close()
            if self._links.get(key) is link:
                del self._links[key]
            link.tell(None)  # the replica can't say it any more

    def _tell_asking(self) -> None:
        for call in tuple(self._asking):
            call()

    def turned_away(self, replicas: Collection[str]) -> None:
        """Say to one of these replicas, if any is in touch, that a request was refused without asking."""
        in_touch = (link for link in self._links.values() if link.replica in replicas)
        link = next((link for link in in_touch if not link.writer.is_closing()), None)
        if link is not None:
            link.writer.write(_NOTE.pack(_TURNED_AWAY, 1))

    def release(self, address: CreditAddress) -> None:
        """Say that a stream is over."""
        link = self._links.get((address.host, address.port))
        if link is not None:
            link.on_silence.pop(address.stream_id, None)
