"""What every scenario is: a server, a crowd, a harm, and what was noticed of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.chaos.crowd import Disturb, Events, run_crowd
from benchmarks.chaos.fleet import Fleet
from benchmarks.chaos.notice import Noticed, notice

CALM_S = 10.0


@dataclass(frozen=True)
class Options:
    """What a run may vary.

    Attributes:
        streams: listeners at once.
        model: "formant" or "neural".
        every_s, for_s: of harm that is done again and again.
    """

    streams: int = 12
    model: str = "formant"
    every_s: float = 5.0
    for_s: float = 120.0


@dataclass(frozen=True)
class Outcome:
    """One line of the report.

    Attributes:
        name: of the scenario, and of its variant.
        did: the harm, in words.
        noticed: by the crowd.
        notes: what there is to say beside.
    """

    name: str
    did: str
    noticed: Noticed
    notes: tuple[str, ...] = ()


Scenario = Callable[[Options], Sequence[Outcome]]


def attend(
    name: str,
    did: str,
    fleet: Fleet,
    options: Options,
    disturb: Disturb,
    *,
    is_past_proxies: bool = True,
) -> Outcome:
    """Let a crowd listen, do the harm, and say what was noticed.

    Args:
        is_past_proxies: those who live from hand to mouth ask the ingress itself: between it and a proxy on
            the same machine the kernel holds a minute of audio, behind which nothing could be noticed.
    """
    server = fleet.server
    urls = (server.ingress_url() if is_past_proxies else server.url, server.url)
    run = asyncio.run(run_crowd(urls, fleet.asks, options.streams, CALM_S, disturb))
    notes = (*run.events.notes, f"{server.num_moves()} moves to another replica")
    return Outcome(f"{name}, {options.model}", did, notice(run), notes)


async def until(happens: Callable[[], bool], within_s: float) -> float | None:
    """Wait for something; return the seconds that it took, None if it didn't happen in time."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < within_s:
        if await asyncio.to_thread(happens):
            return time.monotonic() - began_s
        await asyncio.sleep(0.1)
    return None


def took(what: str, seconds: float | None) -> str:
    """Say how long something took."""
    return f"{what} after {seconds:.1f} s" if seconds is not None else f"{what}: not while it was watched"


def replaced(fleet: Fleet, gone: int, num: int) -> Callable[[], bool]:
    """Return what tells whether there are `num` engine processes again without the one that is gone."""

    def is_replaced() -> bool:
        pids = [one.pid for one in fleet.server.engines()]
        return gone not in pids and len(pids) >= num

    return is_replaced


async def settle(events: Events, seconds: float) -> None:
    """Let time pass, in which listeners may notice something."""
    if not events.at_s:
        events.mark()
    await asyncio.sleep(seconds)
