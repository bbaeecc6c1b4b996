"""The application with two replicas, one of which is killed or stopped now and then."""

from __future__ import annotations

import asyncio

from tests.support.server import RunningServer

TWINS = "ServeReplica:twins:TTSServer"


async def wait_for_two(server: RunningServer) -> None:
    """Return when there are two: a replacement may be on its way, or who is to be replaced not gone yet."""
    for _ in range(300):
        if len(server.processes(TWINS)) == 2:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("there are no two of them")
