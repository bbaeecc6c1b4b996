"""Work that gives way: in threads of its own, of low priority where threads have one."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest

from tts_core.background import NICENESS, apart, await_apart, give_way

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="priorities are a process's own there")


def own_niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@needs_linux
def test_only_the_thread_that_gives_way_is_slower() -> None:
    before = own_niceness()
    expected = min(19, before + NICENESS)
    assert apart(own_niceness, "slow", gives_way=True).result() == expected
    assert apart(own_niceness, "fast", gives_way=False).result() == before
    assert own_niceness() == before


@needs_linux
def test_there_is_a_slowest() -> None:
    def twice() -> int:
        give_way()
        give_way()
        return own_niceness()

    assert apart(twice, "slowest", gives_way=True).result() == 19


def test_what_goes_wrong_is_told_to_whoever_waits() -> None:
    def fail() -> None:
        raise SystemExit("gone")

    with pytest.raises(SystemExit):
        apart(fail, "fails", gives_way=False).result()


async def test_whoever_stops_waiting_leaves_the_work_to_end() -> None:
    release, done = threading.Event(), threading.Event()

    def work() -> None:
        release.wait(10)
        done.set()

    waiting = asyncio.create_task(await_apart(work, "left", gives_way=False))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()
    assert await asyncio.to_thread(done.wait, 10)
