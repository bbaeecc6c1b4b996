"""A node goes, all of its processes at once: killed, or stopped, which looks like a cable that is pulled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import fleet
from benchmarks.chaos.scenario import Options, Outcome, attend, settle


def killed(options: Options) -> Sequence[Outcome]:
    """Kill one of two nodes with engines, beside a head with the ingress."""
    did = "SIGKILL of a whole node, one of two with engines"
    return [_lose("node", did, options, psutil.Process.kill)]


def stopped(options: Options) -> Sequence[Outcome]:
    """Stop one: no connection is closed, and nothing is answered."""
    did = "SIGSTOP of a whole node, one of two with engines"
    return [_lose("node-stopped", did, options, psutil.Process.suspend)]


def _lose(name: str, did: str, options: Options, how: Callable[[psutil.Process], None]) -> Outcome:
    with fleet(options.model, 2, nodes=2) as running:

        async def lose(events: Events) -> None:
            raylet = running.server.nodes()[1]
            everyone = [raylet, *raylet.children(recursive=True)]
            engines = [one for one in everyone if "TTSServer" in " ".join(one.cmdline())]
            events.mark()
            for one in everyone:
                with suppress(psutil.Error):
                    how(one)
            events.notes.append(f"{len(everyone)} processes, {len(engines)} of them replicas")
            await settle(events, 25)

        return attend(name, did, running, options, lose)
