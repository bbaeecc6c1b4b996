"""Who comes when, and for how long: arrivals that are the same for every policy."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

DURATION_S = 1800.0
_MEDIAN_S = 10.0
_SPREAD = 0.6
_LONGEST_S = 300.0

Rate = Callable[[float], float]
Length = Callable[[random.Random], float]


class Arrival(NamedTuple):
    """One request: when it comes, and how much audio it is."""

    at_s: float
    length_s: float


class Trace(NamedTuple):
    """A pattern of load.

    Attributes:
        rate: requests per second at a time, never above `max_rate`.
        length: draws a request's audio, in seconds.
    """

    name: str
    rate: Rate
    max_rate: float
    length: Length

    def arrivals(self, seed: int) -> tuple[Arrival, ...]:
        """Return the requests in order; equal seeds give equal ones."""
        return tuple(self._draw(random.Random(f"{self.name} {seed}")))

    def _draw(self, rng: random.Random) -> Iterator[Arrival]:
        """Draw an inhomogeneous Poisson process by thinning (Lewis and Shedler, 1979)."""
        at_s = rng.expovariate(self.max_rate)
        while at_s < DURATION_S:
            if rng.random() * self.max_rate < self.rate(at_s):
                yield Arrival(at_s, self.length(rng))
            at_s += rng.expovariate(self.max_rate)


def _usual(rng: random.Random) -> float:
    return min(_LONGEST_S, rng.lognormvariate(math.log(_MEDIAN_S), _SPREAD))


def _heavy(rng: random.Random) -> float:
    """Mostly a sentence, now and then a chapter: Pareto with infinite variance."""
    return min(_LONGEST_S, 4.0 * rng.paretovariate(1.2))


def _spikes(at_s: float) -> float:
    """Crowds that are over before a replica could have started."""
    return 4.0 if at_s % 300 >= 290 else 0.3


def _bursts(at_s: float) -> float:
    return 1.6 if at_s % 300 >= 240 else 0.25


def _ramp(at_s: float) -> float:
    return 0.05 + 1.95 * (1 - abs(2 * at_s / DURATION_S - 1))


def _day(at_s: float) -> float:
    """A day in half an hour: a quiet night, a broad noon."""
    return 0.05 + 1.75 * (0.5 - 0.5 * math.cos(2 * math.pi * at_s / DURATION_S)) ** 2


def _flash(at_s: float) -> float:
    """Silence, a crowd, silence, and a smaller crowd."""
    if 600 <= at_s < 620:
        return 3.0
    if 620 <= at_s < 900:
        return 1.0
    return 2.0 if 1500 <= at_s < 1530 else 0.0


def _constant(at_s: float) -> float:
    return 0.7


TRACES = {
    trace.name: trace
    for trace in (
        Trace("bursts", _bursts, 1.6, _usual),
        Trace("spikes", _spikes, 4.0, _usual),
        Trace("ramp", _ramp, 2.0, _usual),
        Trace("day", _day, 1.8, _usual),
        Trace("flash", _flash, 3.0, _usual),
        Trace("heavy tail", _constant, 0.7, _heavy),
    )
}
