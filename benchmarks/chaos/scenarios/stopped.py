"""SIGSTOP of a replica: it is there, its sockets are open, and it does nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psutil

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import Fleet
from benchmarks.chaos.scenario import Options, Outcome, settle
from benchmarks.chaos.scenarios.one_of_two import harm_one, replacement

PAUSE_S = 8.0


def for_good(options: Options) -> Sequence[Outcome]:
    """Stop one of two replicas until Serve has replaced it."""
    did = "SIGSTOP of one of two replicas, for good"
    return harm_one("stopped", did, options, psutil.Process.suspend, replacement(120, settling_s=5))


def for_a_while(options: Options) -> Sequence[Outcome]:
    """Stop one of two replicas, and let it go on."""
    did = f"SIGSTOP of one of two replicas, SIGCONT {PAUSE_S:g} s later"
    return harm_one("paused", did, options, psutil.Process.suspend, _go_on)


async def _go_on(_: Fleet, victim: psutil.Process, events: Events) -> None:
    await asyncio.sleep(PAUSE_S)
    victim.resume()
    await settle(events, 15)
