"""SIGSTOP of a replica: it is there, its sockets are open, and it does nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import fleet
from benchmarks.chaos.scenario import Options, Outcome, attend, replaced, settle, took, until

PAUSE_S = 8.0


def for_good(options: Options) -> Sequence[Outcome]:
    """Stop one of two replicas until Serve has replaced it."""
    with fleet(options.model, 2) as running:

        async def stop(events: Events) -> None:
            victim = running.server.engines()[0]
            events.mark()
            victim.suspend()
            events.notes.append(took("a replacement", await until(replaced(running, victim.pid, 2), 120)))
            await settle(events, 5)

        return [attend("stopped", "SIGSTOP of one of two replicas, for good", running, options, stop)]


def for_a_while(options: Options) -> Sequence[Outcome]:
    """Stop one of two replicas, and let it go on."""
    with fleet(options.model, 2) as running:

        async def pause(events: Events) -> None:
            victim = running.server.engines()[0]
            events.mark()
            victim.suspend()
            await asyncio.sleep(PAUSE_S)
            victim.resume()
            await settle(events, 15)

        did = f"SIGSTOP of one of two replicas, SIGCONT {PAUSE_S:g} s later"
        return [attend("paused", did, running, options, pause)]
