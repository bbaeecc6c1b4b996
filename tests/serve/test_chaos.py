"""What listeners notice when processes and whole nodes are stopped and killed under them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import psutil
import pytest

from benchmarks.chaos.fleet import Fleet, fleet, formant_asks
from benchmarks.chaos.listener import AHEAD_S, Ask, Heard, listen, open_session
from tests.serve.twins import TWINS, wait_for_two
from tests.support.server import RunningServer, wait_until_ready


async def hear_all(
    url: str, asks: list[Ask], harm: Callable[[], Awaitable[None]] | None = None
) -> list[Heard]:
    """Let everyone listen at once; with a harm, play at real time until it was done and could be noticed."""
    async with open_session(AHEAD_S) as session:
        in_a_hurry = asyncio.Event()
        crowd = [asyncio.create_task(listen(session, url, ask, 1.0, in_a_hurry)) for ask in asks]
        if harm is not None:
            await asyncio.sleep(2)
            await harm()
            await asyncio.sleep(3)
        in_a_hurry.set()
        return await asyncio.gather(*crowd)


async def test_a_replica_that_hangs_costs_nobody_a_byte(server: RunningServer, twins_url: str) -> None:
    await wait_for_two(server)
    asks = formant_asks(3, sentences=45)
    alone = [one.data for one in await hear_all(twins_url, asks)]
    victim = server.processes(TWINS)[0]

    async def stop() -> None:
        victim.suspend()

    try:
        heard = await hear_all(twins_url, asks, stop)
        again = await hear_all(twins_url, asks)
        with suppress(psutil.NoSuchProcess):  # Serve has ended it by now on a slow machine
            assert victim.status() == psutil.STATUS_STOPPED
    finally:
        with suppress(psutil.Error):
            victim.resume()
    for listeners in (heard, again):
        assert [one.error for one in listeners] == [""] * len(asks)
        assert [one.data for one in listeners] == alone


# Several Ray nodes, real raylets each with workers of its own, all of which may be killed


@pytest.fixture(scope="module")
def nodes() -> Iterator[Fleet]:
    """A head with the ingress, two nodes with an engine each, and a voice in storage that they share.

    Stories are long: between ingress and listener up to a minute of audio waits, and with all of it
    there nobody would notice anything.
    """
    with fleet("neural", 2, nodes=2, sentences=30) as running:
        yield running


@pytest.fixture(scope="module")
def alone(nodes: Fleet) -> list[bytes]:
    """What everyone hears when nothing happens."""
    heard = asyncio.run(hear_all(nodes.server.url, nodes.asks))
    assert [one.error for one in heard] == [""] * len(nodes.asks)
    return [one.data for one in heard]


async def test_speech_goes_on_without_the_controller(nodes: Fleet, alone: list[bytes]) -> None:
    async def kill() -> None:
        nodes.server.processes("ServeController")[0].kill()

    heard = await hear_all(nodes.server.url, nodes.asks, kill)
    assert [one.error for one in heard] == [""] * len(alone)
    assert [one.data for one in heard] == alone


async def test_a_proxy_that_dies_is_never_taken_for_the_end(nodes: Fleet, alone: list[bytes]) -> None:
    async def kill() -> None:
        running = nodes.server.processes("haproxy")
        proxies = [one for one in running if one.cmdline()[0].endswith("haproxy")]
        for proxy in proxies or nodes.server.processes("ProxyActor"):
            proxy.kill()

    heard = await hear_all(nodes.server.url, nodes.asks, kill)
    assert [one.error for one in heard] == ["connection broken off"] * len(alone)
    for one, whole in zip(heard, alone, strict=True):
        assert 0 < len(one.data) < len(whole)
        assert whole.startswith(one.data)


def engines_under(raylet: psutil.Process) -> list[psutil.Process]:
    return [one for one in raylet.children(recursive=True) if "TTSServer" in " ".join(one.cmdline())]


def cpu_s(raylet: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in engines_under(raylet))


async def test_all_streams_of_a_lost_node_complete(nodes: Fleet, alone: list[bytes]) -> None:
    wait_until_ready(nodes.server.url)  # its proxy is back
    head, *others = nodes.server.nodes()
    assert [len(engines_under(one)) for one in (head, *others)] == [0, 1, 1]
    spent_s = {raylet: cpu_s(raylet) for raylet in others}

    async def kill() -> None:
        """Kill the node whose engine works most: all may listen to one of them."""
        lost = max(others, key=lambda raylet: cpu_s(raylet) - spent_s[raylet])
        for one in [lost, *lost.children(recursive=True)]:
            with suppress(psutil.Error):
                one.kill()

    heard = await hear_all(nodes.server.url, nodes.asks, kill)
    assert len(nodes.server.nodes()) == 2
    assert nodes.server.num_moves() > 0
    assert [one.error for one in heard] == [""] * len(alone)
    assert [one.data for one in heard] == alone
