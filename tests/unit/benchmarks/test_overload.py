"""A crowd in small, against a scripted server: what is counted, and what isn't the server's doing."""

from __future__ import annotations

import asyncio
import time

from benchmarks.overload.cli import figures
from benchmarks.overload.crowd import CrowdSettings, Tally, run_crowd
from tests.unit.benchmarks.crowded_server import CrowdedServer, crowded

REFUSED = (429, {"Retry-After": "3"})
HELD_UP_S = 0.08


def crowd_at(url: str) -> CrowdSettings:
    return CrowdSettings(url, "ann", "hello", speed=1.0, pause_s=0.05, at_real_time=False)


async def test_who_is_refused_asks_again_and_everything_is_counted() -> None:
    async with crowded(CrowdedServer(refusals=[REFUSED, (503, {}), REFUSED])) as server:
        shown = figures(await run_crowd(crowd_at(server.url), 3, 0.5))

    assert (shown["refused (429)"], shown["anything else"]) == (2, {"http_503": 1})
    assert shown["admitted"] == len(server.bodies) - 3 > 0
    assert (shown["Retry-After min, s"], shown["Retry-After max, s"]) == (3, 3)
    assert 0 < shown["refusal p50"] <= shown["refusal max"]


async def test_a_generator_that_was_held_up_says_so() -> None:
    async with crowded(CrowdedServer()) as server:
        asyncio.get_running_loop().call_later(0.1, time.sleep, HELD_UP_S)
        shown = figures(await run_crowd(crowd_at(server.url), 1, 0.4))

    assert shown["this program late by, max"] >= 1e3 * HELD_UP_S / 2
    assert shown["this program late by, p95"] <= shown["this program late by, max"]


def test_nothing_measured_is_no_figure() -> None:
    assert figures(Tally())["refusal max"] is None
