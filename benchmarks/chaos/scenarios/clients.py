"""Clients that read slowly, stop reading, or vanish, beside those who listen."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress

import aiohttp

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import Fleet, fleet
from benchmarks.chaos.listener import EDGE_S, open_session
from benchmarks.chaos.scenario import Options, Outcome, attend, settle

_SECONDS = 30.0


def run(options: Options) -> Sequence[Outcome]:
    """Let three times as many of them come as there are listeners."""
    with fleet(options.model, 2) as running:

        async def misbehave(events: Events) -> None:
            events.mark()
            tempers = (_slow, _stalling, _vanishing)
            unruly = [asyncio.create_task(_again(temper, running)) for temper in tempers * options.streams]
            await settle(events, _SECONDS)
            for one in unruly:
                one.cancel()
            await asyncio.gather(*unruly, return_exceptions=True)
            events.notes.append(f"{len(unruly)} of them for {_SECONDS:g} s")
            await settle(events, 5)

        did = "clients that read slowly, stall or vanish, three for each listener"
        return [attend("clients", did, running, options, misbehave)]


async def _again(temper: object, running: Fleet) -> None:
    assert callable(temper)
    async with open_session(EDGE_S) as session:
        while True:
            with suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
                body = dict(running.asks[0].body)
                async with session.post(f"{running.server.url}/v1/audio/speech", json=body) as answer:
                    await temper(answer)
            await asyncio.sleep(0.2)


async def _slow(answer: aiohttp.ClientResponse) -> None:
    async for _ in answer.content.iter_chunked(512):
        await asyncio.sleep(0.1)


async def _stalling(answer: aiohttp.ClientResponse) -> None:
    await answer.content.read(512)
    await asyncio.sleep(15)


async def _vanishing(answer: aiohttp.ClientResponse) -> None:
    """Leave with a reset in mid-speech."""
    await answer.content.read(512)
    connection = answer.connection
    if connection is not None and connection.transport is not None:
        made = connection.transport.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    answer.close()
