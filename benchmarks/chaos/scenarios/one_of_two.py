"""One of two replicas is harmed, while the other one goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import psutil

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import Fleet, fleet
from benchmarks.chaos.scenario import Options, Outcome, attend, replaced, settle, took, until

Aftermath = Callable[[Fleet, psutil.Process, Events], Awaitable[None]]
"""What is done and watched after the harm: of which server, to which process."""


def harm_one(
    name: str,
    did: str,
    options: Options,
    how: Callable[[psutil.Process], None],
    aftermath: Aftermath,
) -> Sequence[Outcome]:
    """Harm the older one."""
    with fleet(options.model, 2) as running:

        async def harm(events: Events) -> None:
            victim = running.server.engines()[0]
            events.mark()
            how(victim)
            await aftermath(running, victim, events)

        return [attend(name, did, running, options, harm)]


def replacement(within_s: float, settling_s: float) -> Aftermath:
    """Return what waits for Serve to replace it, and for the listeners to get over it."""

    async def watch(running: Fleet, victim: psutil.Process, events: Events) -> None:
        seconds = await until(replaced(running, victim.pid, 2), within_s)
        events.notes.append(took("a replacement", seconds))
        await settle(events, settling_s)

    return watch
