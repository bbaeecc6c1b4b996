"""One run: a trace, a fleet and a policy, to the end of the last stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from benchmarks.autoscaling.fleet import Fleet, Machine, Stream
from benchmarks.autoscaling.scalers import Clock, Scaler, serve_time
from benchmarks.autoscaling.traces import DURATION_S, Arrival

STEP_S = 0.25
# Serve decides every 0.1 s, on figures that come every second.
DECIDE_EVERY = 2


class Outcome(NamedTuple):
    """What a run cost, and what listeners felt.

    Attributes:
        replica_hours: of all replicas, starting and draining ones included.
        underrun_s: silence in the middle of speech, summed over all listeners.
        waited_s: until a replica took them, summed over all listeners.
        num_given_up: listeners whom no replica took within their patience.
        num_streams: listeners.
        num_changes: decisions that changed the number of replicas.
    """

    replica_hours: float
    underrun_s: float
    waited_s: float
    num_given_up: int
    num_streams: int
    num_changes: int


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the sums over several runs."""
    columns: list[Any] = [sum(column) for column in zip(*outcomes, strict=True)]
    return Outcome(*columns)


def simulate(arrivals: tuple[Arrival, ...], machine: Machine, scaler: Scaler, min_replicas: int) -> Outcome:
    """Run until the trace and all its streams have ended."""
    clock, fleet = Clock(), Fleet(machine, min_replicas)
    streams = [Stream(arrival) for arrival in arrivals]
    target, num_changes, num_come, num_steps = min_replicas, 0, 0, 0
    with serve_time(clock):
        while clock.now_s < DURATION_S or fleet.is_busy:
            clock.now_s += STEP_S
            while num_come < len(streams) and streams[num_come].at_s <= clock.now_s:
                fleet.arrive(streams[num_come], clock.now_s)
                num_come += 1
            fleet.move(clock.now_s, STEP_S)
            num_steps += 1
            if num_steps % DECIDE_EVERY:
                continue
            decided = scaler.decide(fleet, target, clock.now_s)
            num_changes += decided != target
            target = decided
            fleet.scale(target, clock.now_s)
    return Outcome(
        replica_hours=fleet.cost_s / 3600,
        underrun_s=sum(stream.underrun_s for stream in streams),
        waited_s=sum(stream.waited_s for stream in streams),
        num_given_up=fleet.num_given_up,
        num_streams=len(streams),
        num_changes=num_changes,
    )
