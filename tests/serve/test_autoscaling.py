"""Replicas come when listeners do and leave when they can be spared, and nobody's stream is cut for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from ray import serve

from deployments.app import build
from deployments.config import AppArgs
from tests.support.listeners import LITTLE_ROOM, LONG_TEXT, SPEAK, body, listen
from tests.support.server import RunningServer, config_args

logger = logging.getLogger(__name__)

QUICK = {
    "downscale_delay_s": 1.5,
    "downscale_to_zero_delay_s": 1.5,
    "trend_window_s": 1.5,
    "startup_s": 2.0,
    "margin": 0.0,
}
STORY = LONG_TEXT[:2500]
"""More than may lie between a replica and who reads nothing."""

REPLICA = "ServeReplica:scaled:TTSServer"
NUM_SLOTS = 4


def deploy(lead_s: float = 10.0, num_slots: int = NUM_SLOTS, **autoscaling: Any) -> None:
    """Run the application, or update it."""
    args = config_args()
    engine = args["engines"][0]
    engine["num_slots"] = num_slots
    engine["streaming"] = {"lead_s": lead_s}
    engine["replica"]["cpus"] = 0.25
    engine["replica"]["autoscaling"] = {"min_replicas": 1, "max_replicas": 2, **QUICK, **autoscaling}
    del engine["replica"]["graceful_shutdown_timeout_s"]
    run(AppArgs.model_validate(args))


def run(args: AppArgs, tries: int = 10) -> None:
    """Run it; again where another thread, a handle's, pickles one of Ray's classes at the same moment."""
    try:
        serve.run(build(args), name="scaled", route_prefix="/scaled")
    except ValueError as error:
        if tries == 1 or "not registered for pickle by value" not in str(error):
            raise
        time.sleep(0.2)
        run(args, tries - 1)


@pytest.fixture
def url(server: RunningServer) -> Iterator[str]:
    yield f"{server.url}/scaled"
    serve.delete("scaled")


class Listener:
    """Takes the beginning of a stream, then nothing until it is told to."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        self._parts = answer.aiter_raw()
        self._data = b""

    async def begin(self) -> None:
        assert self._answer.status_code == 200
        self._data = await anext(self._parts)

    async def rest(self) -> bytes:
        async for part in self._parts:
            self._data += part
        return self._data


@asynccontextmanager
async def listeners(url: str) -> AsyncIterator[Callable[[int], Any]]:
    """Yield what opens listeners to the same long story."""
    async with AsyncExitStack() as stack:
        transport = httpx.AsyncHTTPTransport(socket_options=LITTLE_ROOM)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, timeout=30))

        async def open_some(count: int) -> list[Listener]:
            new = []
            for _ in range(count):
                request = client.stream("POST", url + SPEAK, json=body(STORY))
                new.append(Listener(await stack.enter_async_context(request)))
                await new[-1].begin()
            return new

        yield open_some


async def hear_all(url: str, heard: list[Listener]) -> None:
    """Listen to the end, and check that each got every byte that somebody alone gets."""
    alone = await listen(url, STORY)
    for listener in heard:
        assert await listener.rest() == alone.data


def states() -> dict[str, int]:
    status = serve.status().applications["scaled"].deployments["TTSServer-formant"]
    return {str(getattr(state, "value", state)): count for state, count in status.replica_states.items()}


async def until(is_so: Callable[[], bool], within_s: float = 30.0) -> None:
    """Return once it is so. Raises AssertionError if it doesn't become so."""
    deadline = time.monotonic() + within_s
    while not await asyncio.to_thread(is_so):
        assert time.monotonic() < deadline, states()
        await asyncio.sleep(0.05)


def is_running(count: int) -> Callable[[], bool]:
    return lambda: states().get("RUNNING", 0) == count


async def test_replicas_come_and_leave_without_cutting_a_stream(server: RunningServer, url: str) -> None:
    await asyncio.to_thread(deploy)
    async with listeners(url) as open_some:
        first = await open_some(NUM_SLOTS)
        await until(is_running(2))
        later = await open_some(1)
        await hear_all(url, first)
        await until(lambda: states().get("STOPPING", 0) == 1)
        assert states()["RUNNING"] == 1
        assert len(server.processes(REPLICA)) == 2
        await hear_all(url, later)
    await until(lambda: len(server.processes(REPLICA)) == 1)


async def test_nobody_listens_and_nothing_runs(server: RunningServer, url: str) -> None:
    await asyncio.to_thread(deploy, min_replicas=0)
    assert not server.processes(REPLICA)
    heard = await listen(url, "Is anybody there?")
    assert heard.status == 200
    assert len(heard.data) > 10_000
    assert heard.data == (await listen(server.url, "Is anybody there?")).data
    await until(lambda: not server.processes(REPLICA))


async def test_to_ask_whether_all_is_well_wakes_nobody(server: RunningServer, url: str) -> None:
    await asyncio.to_thread(deploy, min_replicas=0)
    async with httpx.AsyncClient(timeout=10) as client:
        for _ in range(10):
            assert (await client.get(f"{url}/readyz")).json() == {"status": "ready"}
            assert not server.processes(REPLICA)
            await asyncio.sleep(0.1)


async def test_an_update_cuts_no_stream_and_sends_nobody_away(server: RunningServer, url: str) -> None:
    await asyncio.to_thread(deploy, num_slots=8, min_replicas=2)
    async with listeners(url) as open_some, httpx.AsyncClient(timeout=30) as client:
        running = await open_some(8)
        update = asyncio.create_task(asyncio.to_thread(deploy, lead_s=9.0, num_slots=8, min_replicas=2))
        newcomers = asyncio.create_task(come_until(update, url, client))
        # Serve waits for those who still listen to the old replicas.
        await until(lambda: both_sets_are_there(update))
        assert len(server.processes(REPLICA)) == 4
        await hear_all(url, running)
        await update
        waits_ms = await newcomers
    waits_ms.sort()
    logger.info("%d newcomers, the longest waits %s ms", len(waits_ms), waits_ms[-5:])
    assert len(waits_ms) > 20


def both_sets_are_there(update: asyncio.Task[None]) -> bool:
    """Whether two replicas leave and two have come. Raises what an update failed of."""
    if update.done():
        update.result()
    return states().get("STOPPING", 0) == 2 and states().get("RUNNING", 0) == 2


async def come_until(end: asyncio.Task[None], url: str, client: httpx.AsyncClient) -> list[int]:
    """Let one newcomer come after the other, and return how long each waited for the first audio."""
    waits_ms = []
    while not end.done():
        heard = await listen(url, "And who are you?", client)
        assert heard.status == 200
        waits_ms.append(round(1000 * heard.arrivals[0][0]))
        await asyncio.sleep(0.05)
    return waits_ms
