"""Runs a whole load, open loop, closed loop or bursts, to the last listener."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from benchmarks.load.corpus import Sentence
from benchmarks.load.lag import LagSampler, OwnLoad, RunClock
from benchmarks.load.listener import Listener
from benchmarks.load.record import RequestRecord
from benchmarks.load.schedule import Plan, make_plans
from benchmarks.load.session import open_session
from benchmarks.load.settings import LoadSettings


class Observer(Protocol):
    """Watches the run go by. Called on the event loop, so it must be quick."""

    def began(self, record: RequestRecord) -> None:
        """A listener asks."""

    def ended(self, record: RequestRecord) -> None:
        """A listener is done; its record is complete."""


@dataclass(frozen=True)
class LoadResult:
    """What a run left behind. Records in the order of their plans; `wall_s` ends with the last listener."""

    records: list[RequestRecord]
    num_planned: int
    wall_s: float
    own_load: OwnLoad
    began_at_unix_s: float
    interrupted: bool


async def run_load(
    settings: LoadSettings, sentences: Sequence[Sentence], observer: Observer | None = None
) -> LoadResult:
    """Carry out the run that `settings` describe. Failing requests are results, not exceptions.

    The first SIGINT stops new requests, hangs up on open ones and still returns what was measured.
    """
    plans = make_plans(settings, sentences)
    sampler = LagSampler()
    async with open_session(settings.target, settings.listening) as session:
        began_at_unix_s = time.time()
        run = _Run(settings, session, observer)
        sampler.start()
        with _interrupting(run):
            await run.drive(plans)
        wall_s = run.clock.now()
        own_load = await sampler.stop()
    records = sorted(run.records, key=lambda record: record.index)
    return LoadResult(records, len(plans), wall_s, own_load, began_at_unix_s, run.interrupted)


class _Run:
    def __init__(
        self,
        settings: LoadSettings,
        session: aiohttp.ClientSession,
        observer: Observer | None,
    ) -> None:
        self._settings = settings
        self._session = session
        self._observer = observer
        self._tasks: list[asyncio.Task[None]] = []
        self._driver: asyncio.Task[None] | None = None
        self.clock = RunClock()
        self.records: list[RequestRecord] = []
        self.interrupted = False

    async def drive(self, plans: Sequence[Plan]) -> None:
        """Begin every plan in its time and wait for the last listener."""
        self._driver = asyncio.create_task(self._begin_all(plans))
        await asyncio.wait([self._driver])
        if self._tasks:
            await asyncio.wait(self._tasks)
        for task in (self._driver, *self._tasks):
            if not task.cancelled():
                task.result()  # a fault of the generator itself must be heard

    def interrupt(self) -> None:
        """Send nothing more and hang up on everyone."""
        self.interrupted = True
        for task in (self._driver, *self._tasks):
            if task is not None:
                task.cancel()

    async def _begin_all(self, plans: Sequence[Plan]) -> None:
        pace = self._settings.pace
        if pace.rate is not None:
            await self._open_loop(plans)
        elif pace.burst is not None:
            await self._bursts(plans, pace.burst)
        else:
            await self._closed_loop(plans)

    async def _bursts(self, plans: Sequence[Plan], burst: int) -> None:
        """Let a whole round arrive in one moment, and the next one when everybody has left."""
        for start in range(0, len(plans), burst):
            arrival_s = self.clock.now()
            for plan in plans[start : start + burst]:
                self._spawn(self._listen(plan, arrival_s))
            await asyncio.wait(self._tasks)

    async def _open_loop(self, plans: Sequence[Plan]) -> None:
        """Ask at the planned moments. Being late for one shifts no other: the plan is absolute."""
        for plan in plans:
            arrival_s = plan.arrival_s or 0.0
            await asyncio.sleep(max(0.0, arrival_s - self.clock.now()))
            self._spawn(self._listen(plan, arrival_s))

    async def _closed_loop(self, plans: Sequence[Plan]) -> None:
        remaining = iter(plans)
        for _ in range(self._settings.pace.concurrency or 0):
            self._spawn(self._listen_in_turn(remaining))

    async def _listen_in_turn(self, remaining: Iterator[Plan]) -> None:
        for plan in remaining:
            await self._listen(plan, self.clock.now())
            if self.interrupted:
                return

    async def _listen(self, plan: Plan, scheduled_s: float) -> None:
        listener = Listener(self._settings, plan, self.clock, scheduled_s)
        if self._observer is not None:
            self._observer.began(listener.record)
        self.records.append(await listener.run(self._session))
        if self._observer is not None:
            self._observer.ended(listener.record)

    def _spawn(self, listening: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.create_task(listening))


@contextmanager
def _interrupting(run: _Run) -> Iterator[None]:
    """Route SIGINT to the run, where signals can be had: in the main thread."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop.add_signal_handler(signal.SIGINT, run.interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
