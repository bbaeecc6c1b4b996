"""SIGKILL of the process that speaks: once, and again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import psutil

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import Fleet, fleet
from benchmarks.chaos.scenario import Options, Outcome, attend, settle
from benchmarks.chaos.scenarios.one_of_two import harm_one, replacement


def once(options: Options) -> Sequence[Outcome]:
    """Kill one of two replicas."""
    did = "SIGKILL of one of two replicas"
    return harm_one("replica", did, options, psutil.Process.kill, replacement(60, settling_s=10))


def again_and_again(options: Options) -> Sequence[Outcome]:
    """Kill the oldest of three replicas every few seconds."""
    with fleet(options.model, 3) as running:

        async def kill(events: Events) -> None:
            counts = await _kill_oldest(running, events, options)
            events.notes.append(f"{len(counts)} kills; processes left alive each time: {_spread(counts)}")
            await settle(events, 10)

        did = f"SIGKILL of the oldest of three replicas every {options.every_s:g} s for {options.for_s:g} s"
        return [attend(f"replicas, {options.streams} streams", did, running, options, kill)]


async def _kill_oldest(running: Fleet, events: Events, options: Options) -> list[int]:
    """Return how many engine processes were left at each kill, those that were still starting included."""
    ends_s = time.monotonic() + options.for_s
    counts = []
    while time.monotonic() < ends_s:
        next_s = time.monotonic() + options.every_s
        engines = await asyncio.to_thread(running.server.engines)
        if engines:
            events.mark()
            engines[0].kill()
            counts.append(len(engines) - 1)
        await asyncio.sleep(max(0.0, next_s - time.monotonic()))
    return counts


def _spread(counts: list[int]) -> str:
    return ", ".join(f"{number} ({counts.count(number)} times)" for number in sorted(set(counts)))
