"""What a replica and its ingresses tell each other beside the streams."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deployments import credit, pulse
from deployments.credit import _ANYBODY, _NOTE, _TURNED_AWAY, CreditLinks, CreditServer, _Link
from deployments.stream_items import CreditAddress
from tests.support.waiting import until
from tts_core.engine.protocol import Room
from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.errors import StreamInterrupted


@pytest.fixture
async def server() -> AsyncIterator[CreditServer]:
    server = CreditServer()
    await server.start("127.0.0.1", "replica-1")
    yield server
    await server.stop()


class Calls:
    """Counts ends of streams, and keeps what is said of room."""

    def __init__(self) -> None:
        self.num = 0
        self.rooms: list[Room] = []
        self.replicas: set[str] = set()

    def __call__(self, replica: str = "", room: Room | None = None) -> None:
        self.replicas.add(replica)
        if room is None:
            self.num += 1
        else:
            self.rooms.append(room)


def stream() -> SpeechStream:
    return SpeechStream(1000, StreamLimits(lead_s=100.0, first_chunk_s=0.1, max_chunk_s=1.0))


def at_ease(silence_s: float) -> None:
    """Whatever the replica does, stay."""


async def test_notes_reach_their_stream(server: CreditServer) -> None:
    links, speech = CreditLinks(), stream()
    speech.write(bytes(4000))
    await anext(speech)
    address = server.register(speech)
    note = await links.open(address, Calls(), at_ease)
    note(700)
    await until(lambda: speech.num_delivered == 700)
    links.release(address)


async def test_every_ingress_hears_of_every_end_once(server: CreditServer) -> None:
    addresses = [server.register(stream()) for _ in range(4)]
    first, second, ended_a, ended_b = CreditLinks(), CreditLinks(), Calls(), Calls()
    for address in addresses[:2]:
        await first.open(address, ended_a, at_ease)
    for address in addresses[2:]:
        await second.open(address, ended_b, at_ease)
    await until(lambda: len(server._ingresses) == 2)
    server.release(addresses[0])
    server.release(addresses[0])
    await until(lambda: ended_a.num == ended_b.num == 1)
    await asyncio.sleep(0.02)
    assert (ended_a.num, ended_b.num) == (1, 1)


async def test_who_has_no_stream_left_there_still_hears_of_free_slots(server: CreditServer) -> None:
    mine, other = server.register(stream()), server.register(stream())
    links, ended = CreditLinks(), Calls()
    await links.open(mine, ended, at_ease)
    await until(lambda: len(server._ingresses) == 1)
    links.release(mine)
    server.release(other)
    await until(lambda: ended.num == 1)


async def test_it_is_said_whose_stream_ended(server: CreditServer) -> None:
    address, links, ended = server.register(stream()), CreditLinks(), Calls()
    await links.open(address, ended, at_ease)
    await until(lambda: len(server._ingresses) == 1)
    server.release(address)
    await until(lambda: ended.num == 1)
    assert ended.replicas == {"replica-1"}


async def test_with_signs_of_life_comes_what_room_there_is(quick: None) -> None:
    room = Room(0, 12.34)
    server = CreditServer(lambda: room)
    await server.start("127.0.0.1", "replica-1")
    links, told = CreditLinks(), Calls()
    await links.open(server.register(stream()), told, at_ease)
    await until(lambda: told.rooms[-1:] == [Room(0, 12.3)])
    room = Room(5000, 1e9)
    await until(lambda: told.rooms[-1:] == [Room(999, 99.9)])
    assert told.num == 0
    await server.stop()


async def test_whom_an_ingress_turns_away_one_replica_hears_of(server: CreditServer) -> None:
    heard: list[int] = []
    server._on_turned_away = heard.append
    links = CreditLinks()
    links.turned_away({"replica-1"})
    await links.open(server.register(stream()), Calls(), at_ease)
    links.turned_away({"replica-2"})
    links.turned_away({"replica-1", "replica-2"})
    links.turned_away({"replica-1"})
    await until(lambda: heard == [1, 1])


async def test_nobody_but_an_ingress_is_believed_to_turn_listeners_away(server: CreditServer) -> None:
    """The figure has the fleet grow, and the port asks nobody who they are."""
    heard: list[int] = []
    server._on_turned_away = heard.append
    address = server.register(stream())
    reader, writer = await asyncio.open_connection(address.host, address.port)
    for note in (_NOTE.pack(_TURNED_AWAY, 7), _NOTE.pack(b"guess".ljust(16), 7), _NOTE.pack(_TURNED_AWAY, 7)):
        writer.write(note)
    writer.write(_ANYBODY)
    await reader.read(1)  # all before that was read
    assert heard == []
    writer.write(_NOTE.pack(address.stream_id, 0) + _NOTE.pack(_TURNED_AWAY, 7))
    await until(lambda: heard == [7])
    writer.close()


@pytest.mark.parametrize("size", [1, 2, 5, 100])
async def test_what_is_said_may_come_in_pieces_and_with_words_of_later_versions(size: int) -> None:
    link, told = _Link("a", Any, Any, None), Calls()  # type: ignore[arg-type]  # nobody reads or writes
    link.on_room.add(told)
    said, rest = b"hehr012345?x9er000010hr9", b""
    for start in range(0, len(said), size):
        rest = link._take_in(rest + said[start : start + size])
    assert told.rooms == [Room(12, 34.5), Room(0, 1.0)]
    assert told.num == 2
    assert rest == b"r9"


async def test_a_lost_ingress_ends_its_streams_and_is_forgotten(server: CreditServer) -> None:
    mine, other = stream(), stream()
    lost, stays = CreditLinks(), CreditLinks()
    address = server.register(mine)
    await lost.open(address, Calls(), at_ease)
    ended = Calls()
    await stays.open(server.register(other), ended, at_ease)
    await until(lambda: len(server._ingresses) == 2)
    for link in lost._links.values():
        link.writer.close()
    await until(lambda: mine.closed)
    server.release(address)
    await until(lambda: ended.num == 1)
    assert not other.closed
    assert len(server._ingresses) == 1


async def test_a_lost_ingress_ends_all_of_its_streams(server: CreditServer) -> None:
    """Whoever was spoken of first, or last, and whatever has ended meanwhile."""
    streams, lost = [stream() for _ in range(4)], CreditLinks()
    addresses = [server.register(one) for one in streams]
    for address in addresses:
        note = await lost.open(address, Calls(), at_ease)
        note(0)
    server.release(addresses[1])
    await until(lambda: len(server._ingresses) == 1)
    (link,) = lost._links.values()
    link.writer.close()
    await until(lambda: not server._ingresses)
    assert [one.closed for one in streams] == [True, False, True, True]


async def test_where_only_the_way_is_lost_nothing_short_passes_for_whole(server: CreditServer) -> None:
    """The replica goes on sending by another way, to an ingress that lives."""
    short, whole, links = stream(), stream(), CreditLinks()
    for one in (short, whole):
        one.write(bytes(2 * 1000))
        await links.open(server.register(one), Calls(), at_ease)
    whole.finish()
    (link,) = links._links.values()
    link.writer.close()
    await until(lambda: short.closed and not server._ingresses)
    assert sum([chunk.num_samples async for chunk in whole]) == 1000
    with pytest.raises(StreamInterrupted):
        _ = [chunk async for chunk in short]


async def test_an_ingress_that_vanished_without_a_word_is_forgotten(
    server: CreditServer, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credit, "_FORGET_S", 0.1)
    lost, stays, live = stream(), stream(), CreditLinks()
    address = server.register(lost)
    await live.open(server.register(stays), Calls(), at_ease)
    _, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(credit._NOTE.pack(address.stream_id, 0))
    await until(lambda: lost.closed)
    assert not stays.closed
    writer.close()


async def test_a_replica_that_cant_be_reached_holds_up_no_others_streams(
    server: CreditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = asyncio.open_connection

    async def open_connection(host: str, port: int) -> Any:
        return await (connect(host, port) if host == "127.0.0.1" else asyncio.Event().wait())

    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    links = CreditLinks()
    hanging = asyncio.create_task(links.open(CreditAddress("gone", 1, bytes(16)), Calls(), at_ease))
    await asyncio.sleep(0)
    near = server.register(stream())
    await asyncio.wait_for(links.open(near, Calls(), at_ease), 1)
    assert not hanging.done()
    assert (near.host, near.port) not in links._connecting  # nothing is kept of those that are through
    hanging.cancel()
    await asyncio.wait({hanging})


class Hanging:
    """A replica whose kernel takes what comes, and which answers when it is let go on."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        await self.goes_on.wait()
        while await reader.read(4096):
            writer.write(b"h")

    async def start(self) -> CreditAddress:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()[:2]
        return CreditAddress(host, port, bytes([1]) * 16, "hanging")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (credit, pulse):
        monkeypatch.setattr(module, "PULSE_S", 0.005)
    monkeypatch.setattr(pulse, "SILENT_S", 0.05)


async def test_a_replica_that_hangs_is_noticed_and_so_is_one_that_goes_on(quick: None) -> None:
    hanging, links = Hanging(), CreditLinks()
    address = await hanging.start()
    silences: list[float] = []
    asked = Calls()
    with links.asking(asked):
        await links.open(address, Calls(), silences.append)
        await until(lambda: pulse.is_silent("hanging"))
        await until(lambda: asked.num == 1)
        await until(lambda: bool(silences) and silences[-1] >= 0.1)
    assert asked.num == 1
    hanging.goes_on.set()
    await until(lambda: not pulse.is_silent("hanging"))
    await until(lambda: silences[-1] <= 0.02)
    links.release(address)


async def test_a_replica_that_is_gone_is_not_taken_for_silent(quick: None) -> None:
    hanging, links = Hanging(), CreditLinks()
    await links.open(await hanging.start(), Calls(), at_ease)
    await until(lambda: pulse.is_silent("hanging"))
    hanging.writers[0].close()
    await until(lambda: not pulse.is_silent("hanging"))
    assert not links._links


async def test_a_living_replica_is_never_silent(quick: None, server: CreditServer) -> None:
    address, links = server.register(stream()), CreditLinks()
    silences: list[float] = []
    await links.open(address, Calls(), silences.append)
    await until(lambda: len(silences) >= 30)
    assert not pulse.is_silent("replica-1")
    # An ingress that is itself held up counts nothing of that.
    time.sleep(0.3)  # noqa: ASYNC251  # that is the point
    await until(lambda: len(silences) >= 60)
    assert max(silences) < 0.05
