"""Several Ray nodes, real raylets each with workers of its own: one of them is killed with streams on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from benchmarks.chaos.fleet import Fleet, fleet
from benchmarks.chaos.listener import AHEAD_S, Heard, listen, open_session


@pytest.fixture(scope="module")
def nodes() -> Iterator[Fleet]:
    """A head with the ingress, two nodes with an engine each, and a voice in storage that they share."""
    with fleet("neural", 2, nodes=2, sentences=12) as running:
        yield running


def engines_under(raylet: psutil.Process) -> list[psutil.Process]:
    return [one for one in raylet.children(recursive=True) if "TTSServer" in " ".join(one.cmdline())]


def cpu_s(raylet: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in engines_under(raylet))


def kill_the_busiest(spent_s: dict[psutil.Process, float]) -> None:
    """Kill the node whose engine has worked most since then: all may listen to one of them."""
    lost = max(spent_s, key=lambda raylet: cpu_s(raylet) - spent_s[raylet])
    for one in [lost, *lost.children(recursive=True)]:
        with suppress(psutil.Error):
            one.kill()


async def hear_all(running: Fleet, *one_of: psutil.Process) -> list[Heard]:
    """Let everyone listen at once; with nodes to lose one of, play at real time until it is gone."""
    async with open_session(AHEAD_S) as session:
        url, in_a_hurry = running.server.url, asyncio.Event()
        crowd = [asyncio.create_task(listen(session, url, ask, 1.0, in_a_hurry)) for ask in running.asks]
        if one_of:
            spent_s = {raylet: cpu_s(raylet) for raylet in one_of}
            await asyncio.sleep(2)
            kill_the_busiest(spent_s)
        in_a_hurry.set()
        return await asyncio.gather(*crowd)


async def test_all_streams_of_a_lost_node_complete(nodes: Fleet) -> None:
    head, first, second = nodes.server.nodes()
    assert [len(engines_under(one)) for one in (head, first, second)] == [0, 1, 1]
    alone = await hear_all(nodes)
    assert [one.error for one in alone] == [""] * len(nodes.asks)
    heard = await hear_all(nodes, first, second)
    assert len(nodes.server.nodes()) == 2
    assert nodes.server.num_moves() > 0
    assert [one.error for one in heard] == [""] * len(nodes.asks)
    assert [one.data for one in heard] == [one.data for one in alone]
