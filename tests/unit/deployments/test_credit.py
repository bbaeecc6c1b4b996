"""What a replica and its ingresses tell each other beside the streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from deployments.credit import CreditLinks, CreditServer
from tts_core.engine.stream import SpeechStream, StreamLimits


@pytest.fixture
async def server() -> AsyncIterator[CreditServer]:
    server = CreditServer()
    await server.start("127.0.0.1")
    yield server
    await server.stop()


class Calls:
    def __init__(self) -> None:
        self.num = 0

    def __call__(self) -> None:
        self.num += 1


def stream() -> SpeechStream:
    return SpeechStream(1000, StreamLimits(lead_s=100.0, first_chunk_s=0.1, max_chunk_s=1.0))


async def until(happens: Callable[[], bool]) -> None:
    for _ in range(2000):
        if happens():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never happened")


async def test_notes_reach_their_stream(server: CreditServer) -> None:
    links, speech = CreditLinks(), stream()
    speech.write(bytes(4000))
    await anext(speech)
    address = server.register(speech)
    note = await links.open(address, Calls())
    note(700)
    await until(lambda: speech.num_delivered == 700)
    links.release(address)


async def test_every_ingress_hears_of_every_end_once(server: CreditServer) -> None:
    addresses = [server.register(stream()) for _ in range(4)]
    first, second, ended_a, ended_b = CreditLinks(), CreditLinks(), Calls(), Calls()
    for address in addresses[:2]:
        await first.open(address, ended_a)
    for address in addresses[2:]:
        await second.open(address, ended_b)
    await until(lambda: len(server._ingresses) == 2)
    server.release(addresses[0])
    server.release(addresses[0])
    await until(lambda: ended_a.num == ended_b.num == 1)
    await asyncio.sleep(0.02)
    assert (ended_a.num, ended_b.num) == (1, 1)


async def test_the_last_to_leave_tells_of_it_themselves(server: CreditServer) -> None:
    address, links, ended = server.register(stream()), CreditLinks(), Calls()
    await links.open(address, ended)
    links.release(address)
    assert ended.num == 1


async def test_a_lost_ingress_ends_its_streams_and_is_forgotten(server: CreditServer) -> None:
    mine, other = stream(), stream()
    lost, stays = CreditLinks(), CreditLinks()
    address = server.register(mine)
    await lost.open(address, Calls())
    ended = Calls()
    await stays.open(server.register(other), ended)
    await until(lambda: len(server._ingresses) == 2)
    lost.release(address)
    await until(lambda: mine.closed)
    server.release(address)
    await until(lambda: ended.num == 1)
    assert not other.closed
    assert len(server._ingresses) == 1
