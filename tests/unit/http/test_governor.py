"""Where the transport takes everything at once, a stream's writes are spread over time."""

from __future__ import annotations

import asyncio
import time

import pytest

from deployments.http.governor import Governor


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time stands still but for what is slept."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    return slept


def admit_seconds(governor: Governor, num_seconds: int) -> None:
    async def run() -> None:
        for second in range(num_seconds):
            await governor.admit(1000, float(second))

    asyncio.run(run())


def test_a_burst_is_free_and_the_rest_runs_at_the_rate(sleeps: list[float]) -> None:
    admit_seconds(Governor(burst_bytes=10_000, rate=2.0), 30)
    # The eleventh second ends the burst; nineteen more follow at two a second.
    assert sum(sleeps) == pytest.approx(19 / 2.0)


def test_transport_that_holds_back_needs_no_governor(sleeps: list[float]) -> None:
    admit_seconds(Governor(burst_bytes=None), 30)
    assert not sleeps
