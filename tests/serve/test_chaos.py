"""What listeners notice when processes are stopped and killed under them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import psutil
import pytest

from benchmarks.chaos.fleet import formant_args, formant_asks
from benchmarks.chaos.listener import AHEAD_S, Heard, listen, open_session
from benchmarks.chaos.server import Server
from benchmarks.chaos.server import run_server as run_own_server
from tests.serve.twins import TWINS, wait_for_two
from tests.support.server import RunningServer

ASKS = formant_asks(3, sentences=45)


async def hear_all(url: str, harm: Callable[[], Awaitable[None]] | None = None) -> list[Heard]:
    """Let everyone listen at once; with a harm, play at real time until it was done and could be noticed."""
    async with open_session(AHEAD_S) as session:
        in_a_hurry = asyncio.Event()
        crowd = [asyncio.create_task(listen(session, url, ask, 1.0, in_a_hurry)) for ask in ASKS]
        if harm is not None:
            await asyncio.sleep(2)
            await harm()
            await asyncio.sleep(3)
        in_a_hurry.set()
        return await asyncio.gather(*crowd)


async def test_a_replica_that_hangs_costs_nobody_a_byte(server: RunningServer, twins_url: str) -> None:
    await wait_for_two(server)
    alone = [one.data for one in await hear_all(twins_url)]
    victim = server.processes(TWINS)[0]

    async def stop() -> None:
        victim.suspend()

    try:
        heard = await hear_all(twins_url, stop)
        again = await hear_all(twins_url)
        with suppress(psutil.NoSuchProcess):  # Serve has ended it by now on a slow machine
            assert victim.status() == psutil.STATUS_STOPPED
    finally:
        with suppress(psutil.Error):
            victim.resume()
    for listeners in (heard, again):
        assert [one.error for one in listeners] == [""] * len(ASKS)
        assert [one.data for one in listeners] == alone


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server in a Ray of its own, whose controller and proxies may be killed."""
    with run_own_server(formant_args(1), cpus=4) as running:
        yield running


async def test_speech_goes_on_without_the_controller(own: Server) -> None:
    alone = [one.data for one in await hear_all(own.url)]

    async def kill() -> None:
        own.processes("ServeController")[0].kill()

    heard = await hear_all(own.url, kill)
    assert [one.error for one in heard] == [""] * len(ASKS)
    assert [one.data for one in heard] == alone


async def test_a_proxy_that_dies_is_never_taken_for_the_end(own: Server) -> None:
    alone = [one.data for one in await hear_all(own.url)]

    async def kill() -> None:
        proxies = [one for one in own.processes("haproxy") if one.cmdline()[0].endswith("haproxy")]
        for proxy in proxies or own.processes("ProxyActor"):
            proxy.kill()

    heard = await hear_all(own.url, kill)
    assert [one.error for one in heard] == ["connection broken off"] * len(ASKS)
    for one, whole in zip(heard, alone, strict=True):
        assert len(one.data) < len(whole)
        assert whole.startswith(one.data)
