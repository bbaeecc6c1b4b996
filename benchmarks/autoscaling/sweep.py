"""Both policies with many parameters over a trace, and who costs what for the same silence."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from benchmarks.autoscaling.fleet import Machine
from benchmarks.autoscaling.scalers import Delays, Scaler, default, headroom
from benchmarks.autoscaling.simulate import Outcome, simulate, total
from benchmarks.autoscaling.traces import Trace
from deployments.autoscaling.policy import Settings

TARGETS = (0.75, 1.0, 1.25, 1.5, 2.0)
DELAYS = (
    Delays(0.0, 30.0, 5.0),
    Delays(0.0, 60.0, 5.0),
    Delays(0.0, 60.0, 15.0),
    Delays(0.0, 90.0, 5.0),
    Delays(30.0, 600.0, 30.0),
)
MARGINS = (0.5, 1.0, 2.0, 3.0)
DOWNSCALE_DELAYS_S = (30.0, 60.0)


class Contestant(NamedTuple):
    """A policy with its parameters."""

    is_ours: bool
    words: str
    make: Callable[[], Scaler]


class Result(NamedTuple):
    """What a contestant made of a trace, summed over the seeds."""

    trace: str
    is_ours: bool
    words: str
    outcome: Outcome


def words_of(settings: Settings) -> str:
    """Return what tells one of ours from the others."""
    return f"margin {settings.margin:g}, down {settings.downscale_delay_s:g} s"


def contestants(settings: Settings) -> Iterator[Contestant]:
    """Yield ours by margin and delay, and Serve's by target and delays, its own defaults among them."""
    for margin, delay_s in itertools.product(MARGINS, DOWNSCALE_DELAYS_S):
        own = settings._replace(margin=margin, downscale_delay_s=delay_s)
        yield Contestant(True, words_of(own), functools.partial(headroom, own))
    for target, delays in itertools.product(TARGETS, DELAYS):
        words = f"target {target:g}, {delays.up_s:g}/{delays.down_s:g}/{delays.look_back_s:g} s"
        yield Contestant(False, words, functools.partial(default, target, delays, settings))


def run(
    contestant: Contestant, trace: Trace, seeds: Iterable[int], machine: Machine, settings: Settings
) -> Result:
    """Run one contestant over a trace, once for each seed."""
    outcomes = [
        simulate(trace.arrivals(seed), machine, contestant.make(), settings.min_replicas) for seed in seeds
    ]
    return Result(trace.name, contestant.is_ours, contestant.words, total(outcomes))


class Match(NamedTuple):
    """One of our results, and what Serve's policy has to set against it.

    Attributes:
        same_cost: Serve's with the least underrun at no more replica-hours; None if all of them cost more.
        same_silence: Serve's with the fewest replica-hours at no more underrun; None if none does.
    """

    ours: Result
    same_cost: Result | None
    same_silence: Result | None


def matches(results: Iterable[Result]) -> Iterator[Match]:
    """Yield a match for each of our results on our frontier, those that beat each other left out."""
    results = list(results)
    for ours in frontier(result for result in results if result.is_ours):
        yield match(ours, results)


def match(ours: Result, results: Iterable[Result]) -> Match:
    """Return what Serve's policy has to set against one of our results on the same trace."""
    serves = [one for one in results if not one.is_ours and one.trace == ours.trace]
    cheap = [one for one in serves if one.outcome.replica_hours <= ours.outcome.replica_hours]
    quiet = [one for one in serves if one.outcome.underrun_s <= ours.outcome.underrun_s]
    return Match(
        ours,
        min(cheap, key=lambda one: one.outcome.underrun_s, default=None),
        min(quiet, key=lambda one: one.outcome.replica_hours, default=None),
    )


def frontier(results: Iterable[Result]) -> list[Result]:
    """Return those of the results that no other beats in cost and silence, the cheapest first."""
    best: list[Result] = []
    for result in sorted(results, key=lambda one: (one.outcome.replica_hours, one.outcome.underrun_s)):
        if not best or result.outcome.underrun_s < best[-1].outcome.underrun_s:
            best.append(result)
    return best
