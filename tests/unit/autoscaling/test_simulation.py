"""The simulation: honest in small, and what it says of the policies."""

from __future__ import annotations

import math

import pytest

from benchmarks.autoscaling.fleet import Fleet, Machine, Phase, Stream
from benchmarks.autoscaling.report import document, markdown
from benchmarks.autoscaling.scalers import Clock, Delays, default, headroom, serve_time
from benchmarks.autoscaling.simulate import Outcome, simulate, total
from benchmarks.autoscaling.sweep import Result, matches
from benchmarks.autoscaling.traces import DURATION_S, TRACES, Arrival
from deployments.autoscaling.policy import Settings

SETTINGS = Settings(max_replicas=12, startup_s=20.0)
MACHINE = Machine()


def fleet_with(num_streams: int, length_s: float, num_replicas: int = 1) -> tuple[Fleet, list[Stream]]:
    fleet = Fleet(MACHINE, num_replicas)
    streams = [Stream(Arrival(0.0, length_s)) for _ in range(num_streams)]
    fleet.move(0.25, 0.25)
    for stream in streams:
        fleet.arrive(stream, 0.25)
    return fleet, streams


def run(fleet: Fleet, until_s: float, from_s: float = 0.5) -> None:
    for step in range(int(from_s * 4), int(until_s * 4)):
        fleet.move(step / 4, 0.25)


def test_equal_seeds_give_equal_listeners_and_others_give_others() -> None:
    for trace in TRACES.values():
        arrivals = trace.arrivals(1)
        assert arrivals == trace.arrivals(1) != trace.arrivals(2)
        assert arrivals == tuple(sorted(arrivals))
        assert all(0 <= one.at_s < DURATION_S and one.length_s > 0 for one in arrivals)


def test_as_many_as_are_sustainable_hear_no_silence() -> None:
    fleet, streams = fleet_with(math.floor(MACHINE.sustainable), length_s=10.0)
    run(fleet, 30)
    assert sum(stream.underrun_s for stream in streams) == 0
    assert not fleet.is_busy


def test_more_than_that_run_dry_for_as_long_as_is_lacking() -> None:
    fleet, streams = fleet_with(8, length_s=20.0)
    run(fleet, 60)
    lacking_s = 20.0 / MACHINE.pace(8) - 20.0
    assert streams[0].underrun_s == pytest.approx(lacking_s, abs=1.0)


def test_whoever_finds_no_slot_comes_back_and_gives_up_in_the_end() -> None:
    fleet, streams = fleet_with(9, length_s=10.0)
    run(fleet, 2)
    assert len(fleet.waiting) == 1
    run(fleet, 40, from_s=2)
    assert streams[8].waited_s == pytest.approx(10.0 / MACHINE.pace(8), abs=2.0)
    stuck, _ = fleet_with(9, length_s=100.0)
    run(stuck, 40)
    assert stuck.num_given_up == 1


def test_a_stopped_replica_takes_nobody_and_ends_what_it_has() -> None:
    fleet, streams = fleet_with(2, length_s=10.0, num_replicas=2)
    run(fleet, 1)
    newest = fleet.replicas[1]
    fleet.scale(1, 1.0)
    assert newest.phase is Phase.DRAINING
    assert newest.streams
    fleet.arrive(Stream(Arrival(1.0, 5.0)), 1.0)
    run(fleet, 30, from_s=1)
    assert len(fleet.replicas) == 1
    assert all(stream.is_made for stream in streams)


def test_a_replica_takes_its_time_to_start_and_costs_meanwhile() -> None:
    fleet = Fleet(MACHINE, 0)
    fleet.scale(1, 0.0)
    run(fleet, 20)
    assert not fleet.running
    run(fleet, 21, from_s=20)
    assert len(fleet.running) == 1
    assert fleet.cost_s == pytest.approx(20.5, abs=0.5)


def test_ours_costs_less_than_serves_for_less_silence() -> None:
    seeds = (TRACES["ramp"].arrivals(seed) for seed in range(2))
    pairs = [
        (
            simulate(arrivals, MACHINE, headroom(SETTINGS._replace(downscale_delay_s=30.0)), 1),
            simulate(arrivals, MACHINE, default(1.5, Delays(0.0, 60.0, 5.0), SETTINGS), 1),
        )
        for arrivals in seeds
    ]
    ours, serves = (total(outcomes) for outcomes in zip(*pairs, strict=True))
    assert ours.num_streams == serves.num_streams
    assert ours.replica_hours <= serves.replica_hours
    assert ours.underrun_s <= serves.underrun_s


def test_serves_own_policy_is_what_answers() -> None:
    """12 ongoing at a target of 2: 6 replicas, after its delay and not before."""
    fleet, _ = fleet_with(12, length_s=1000.0, num_replicas=2)
    scaler = default(2.0, Delays(3.0, 60.0, 5.0), SETTINGS)
    clock, targets = Clock(), {}
    with serve_time(clock):
        for step in range(2, 48):
            clock.now_s = step / 4
            fleet.move(clock.now_s, 0.25)
            targets[clock.now_s] = scaler.decide(fleet, 2, clock.now_s)
    assert targets[2.0] == 2
    assert 6 in targets.values()


def result(is_ours: bool, hours: float, underrun_s: float) -> Result:
    return Result("t", is_ours, f"{hours:g}", Outcome(hours, underrun_s, 0.0, 0, 10, 1))


def test_a_match_is_made_with_the_best_that_is_no_dearer_and_the_cheapest_that_is_no_louder() -> None:
    ours = [result(True, 5.0, 100.0), result(True, 6.0, 150.0)]
    serves = [result(False, 4.0, 400.0), result(False, 5.0, 200.0), result(False, 7.0, 90.0)]
    (match,) = matches(ours + serves)
    assert match.ours.words == "5"
    assert match.same_cost is serves[1]
    assert match.same_silence is serves[2]
    assert "| 5 | 5.00 | 100 |" in markdown(ours + serves)
    assert [one["policy"] for one in document(ours + serves)] == ["headroom"] * 2 + ["ongoing_requests"] * 3
