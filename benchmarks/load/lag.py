"""How late the generator itself is, and how much processor it takes."""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass, field

SAMPLE_INTERVAL_S = 0.01


class RunClock:
    """Seconds since the run began, monotonic."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def now(self) -> float:
        return time.perf_counter() - self._start


@dataclass(frozen=True)
class OwnLoad:
    """What the sampler saw: event-loop lag (seconds, one per sample), processor and wall seconds."""

    lags_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def cpu_share(self) -> float:
        """Return the share of one core that this process used."""
        return self.cpu_s / self.wall_s if self.wall_s else 0.0


class LagSampler:
    """Asks the event loop for a wake-up every 10 ms and notes how late each comes."""

    def __init__(self) -> None:
        self._lags_s: list[float] = []
        self._task: asyncio.Task[None] | None = None
        self._began_s = 0.0
        self._cpu_began_s = 0.0

    def start(self) -> None:
        """Begin to sample; needs a running loop."""
        self._began_s, self._cpu_began_s = time.perf_counter(), _cpu_s()
        self._task = asyncio.create_task(self._sample())

    async def stop(self) -> OwnLoad:
        """End the sampling and return what was seen."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        wall_s = time.perf_counter() - self._began_s
        return OwnLoad(self._lags_s, _cpu_s() - self._cpu_began_s, wall_s)

    async def _sample(self) -> None:
        due_s = time.perf_counter()
        while True:
            due_s += SAMPLE_INTERVAL_S
            await asyncio.sleep(due_s - time.perf_counter())
            # After a long pause every swallowed wake-up gets its turn at once, each late by its own measure.
            self._lags_s.append(max(0.0, time.perf_counter() - due_s))


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
