"""SIGKILL of Serve's controller, through which no speech passes."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.chaos.crowd import Events
from benchmarks.chaos.fleet import fleet
from benchmarks.chaos.scenario import Options, Outcome, attend, settle, took, until

_TITLE = "ServeController"


def run(options: Options) -> Sequence[Outcome]:
    """Kill the controller; Ray starts it again."""
    with fleet(options.model, 2) as running:

        async def kill(events: Events) -> None:
            victim = running.server.processes(_TITLE)[0]
            engines = {one.pid for one in running.server.engines()}
            events.mark()
            victim.kill()

            def is_back() -> bool:
                return any(one.pid != victim.pid for one in running.server.processes(_TITLE))

            events.notes.append(took("another controller", await until(is_back, 60)))
            await settle(events, 20)
            kept = engines == {one.pid for one in running.server.engines()}
            events.notes.append("the replicas stayed" if kept else "replicas were replaced")

        return [attend("controller", "SIGKILL of Serve's controller", running, options, kill)]
