"""A crowd around a server: so many listen all the time, one request after the other, while things happen."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.chaos.listener import AHEAD_S, EDGE_S, Ask, Heard, listen, open_session

Disturb = Callable[["Events"], Awaitable[None]]
"""Does the harm. Returns when it is done; the crowd's present requests are then heard to their end."""


@dataclass
class Events:
    """When something was done to the server, by the monotonic clock, and what there is to say about it."""

    at_s: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def mark(self) -> None:
        """Note that it happens now."""
        self.at_s.append(time.monotonic())


@dataclass(frozen=True)
class Run:
    """What a crowd heard.

    Attributes:
        alone: each distinct request's bytes, heard with nobody else there.
        heard: of everyone, from the calm before the harm on.
        events: what was done.
    """

    alone: dict[int, bytes]
    heard: list[Heard]
    events: Events


async def hear_alone(url: str, asks: Sequence[Ask]) -> dict[int, bytes]:
    """Make each request alone.

    Raises:
        RuntimeError: one of them fails even so.
    """
    alone = {}
    async with open_session(AHEAD_S) as session:
        for ask in asks:
            heard = await listen(session, url, ask, None)
            if heard.error or not heard.data:
                raise RuntimeError(f"a request fails even alone: {heard.error or 'no audio'}")
            alone[ask.key] = heard.data
    return alone


async def run_crowd(
    urls: tuple[str, str], asks: Sequence[Ask], size: int, calm_s: float, disturb: Disturb
) -> Run:
    """Let them listen for a while, then do the harm, and hear out who is listening when it is over.

    Args:
        urls: where those ask who live from hand to mouth, and where the others do.
    """
    alone = await hear_alone(urls[1], asks)
    events, heard, is_over = Events(), list[Heard](), asyncio.Event()
    everyone = itertools.cycle(asks)
    async with open_session(EDGE_S) as edge, open_session(AHEAD_S) as ahead:

        async def sit(number: int) -> None:
            await asyncio.sleep(calm_s * number / (2 * size))
            session, keep_s = ((edge, EDGE_S), (ahead, AHEAD_S))[number % 2]
            url = urls[number % 2]
            while not is_over.is_set():
                one = await listen(session, url, next(everyone), keep_s, is_over)
                if one.data == alone[one.ask.key]:
                    one.data = alone[one.ask.key]  # held once: hours of audio must fit into memory
                heard.append(one)
                if one.error:
                    await asyncio.sleep(0.5)

        crowd = [asyncio.create_task(sit(number)) for number in range(size)]
        try:
            await asyncio.sleep(calm_s)
            await disturb(events)
        finally:
            is_over.set()
            await asyncio.gather(*crowd)
    return Run(alone, heard, events)
