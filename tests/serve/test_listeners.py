"""Slow, vanishing and too many listeners hurt nobody else, and leave nothing behind."""

from __future__ import annotations

import asyncio
import statistics
import time

import psutil
import pytest

from tests.support.listeners import LONG_TEXT, Heard, RawListener, listen, listen_together
from tests.support.server import PRODUCTION, RunningServer

MEBIBYTE = 1024 * 1024
SHORT = "A short sentence."


def replica(server: RunningServer) -> psutil.Process:
    (process,) = server.processes("ServeReplica:polyvox:TTSServer")
    return process


def test_a_hang_up_frees_its_slot_within_100_ms(idle_server: RunningServer) -> None:
    freed_after_s = []
    for _ in range(5):
        listener = RawListener(idle_server.url, LONG_TEXT, speed=0.5)
        listener.read(50_000)
        assert idle_server.stats().num_open == 1
        listener.hang_up()
        hung_up = time.monotonic()
        assert idle_server.wait_until_free(within_s=5).num_open == 0
        freed_after_s.append(time.monotonic() - hung_up)
    assert statistics.median(freed_after_s) < 0.1


def test_200_hang_ups_leave_no_slot_task_or_descriptor(idle_server: RunningServer) -> None:
    process = replica(idle_server)
    hang_up_in_mid_stream(idle_server, 10)
    num_fds, num_threads = process.num_fds(), process.num_threads()
    aborted = idle_server.stats().num_aborted
    hang_up_in_mid_stream(idle_server, 200)
    stats = idle_server.stats()
    assert stats.num_open == 0
    assert stats.num_aborted - aborted == 200
    assert process.num_fds() <= num_fds + 2
    assert process.num_threads() <= num_threads + 2


def hang_up_in_mid_stream(server: RunningServer, times: int) -> None:
    batch = 20
    for _ in range(times // batch or 1):
        listeners = [RawListener(server.url, LONG_TEXT, speed=0.5) for _ in range(min(batch, times))]
        for listener in listeners:
            listener.read(2000)
            listener.hang_up()
        assert server.wait_until_free(within_s=10).num_open == 0


def hear(server: RunningServer, text: str) -> Heard:
    return asyncio.run(listen(server.url, text))


def test_a_stalled_listener_holds_a_bounded_amount_and_the_others_dont_notice(
    idle_server: RunningServer,
) -> None:
    alone = hear(idle_server, SHORT)
    process = replica(idle_server)
    memory = process.memory_info().rss
    stalled = RawListener(idle_server.url, LONG_TEXT, response_format="wav", speed=0.25)
    try:
        stalled.read(65_536)
        time.sleep(3)
        produced = idle_server.stats().audio_s
        for _ in range(5):
            assert hear(idle_server, SHORT).data == alone.data
        time.sleep(2)
        grown = process.memory_info().rss - memory
        assert grown < 8 * MEBIBYTE
        if PRODUCTION:
            # Only the short sentences were spoken meanwhile: the stalled stream stands still.
            spoken_s = 5 * len(alone.data) / 48_000
            assert idle_server.stats().audio_s - produced < spoken_s + 1.0
    finally:
        stalled.hang_up()


def test_full_is_429_at_once_and_the_admitted_are_not_hurt(idle_server: RunningServer) -> None:
    held = [RawListener(idle_server.url, LONG_TEXT, speed=0.25) for _ in range(idle_server.num_slots)]
    try:
        for listener in held:
            listener.read(500)
        assert idle_server.stats().num_open == idle_server.num_slots
        refused = asyncio.run(listen_together(idle_server.url, [{"text": SHORT}] * 150))
        statuses = {heard.status for heard in refused}
        assert 429 in statuses
        assert statuses <= {200, 429}
        for heard in refused:
            if heard.status == 429:
                assert b"overloaded" in heard.data
    finally:
        for listener in held:
            listener.hang_up()
    assert idle_server.wait_until_free(within_s=10).num_open == 0
    assert hear(idle_server, SHORT).status == 200


@pytest.mark.parametrize("name", ["mp3", "wav"])
def test_hanging_up_before_the_first_chunk_is_no_error(idle_server: RunningServer, name: str) -> None:
    for _ in range(5):
        RawListener(idle_server.url, SHORT, response_format=name).hang_up()
    assert idle_server.wait_until_free(within_s=10).num_open == 0
    assert hear(idle_server, SHORT).status == 200
