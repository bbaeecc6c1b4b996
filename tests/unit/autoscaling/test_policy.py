"""The policy alone: figures in, a number of replicas out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.autoscaling.policy import Observation, ReplicaReport, Settings, State, decide

SETTINGS = Settings(
    min_replicas=1,
    max_replicas=10,
    target_load=0.8,
    margin=0.0,
    startup_s=10.0,
    trend_window_s=20.0,
    downscale_delay_s=60.0,
    idle_delay_s=120.0,
)


def report(
    num_open: float = 0, load: float = 0.0, headroom_s: float = math.inf, refused: float = 0
) -> ReplicaReport:
    return ReplicaReport(slots=8, open=num_open, load=load, headroom_s=headroom_s, refused=refused)


class Controller:
    """Calls the policy every second, and has replicas ready after `startup_s`."""

    def __init__(self, settings: Settings = SETTINGS, num_running: int = 1, startup_s: float = 0.0) -> None:
        self.settings, self.num_running, self.target = settings, num_running, num_running
        self.now_s, self.state = 1000.0, State()
        self._startup_s, self._starting_at_s = startup_s, 0.0

    def see(self, *reports: ReplicaReport, queued: float = 0) -> int:
        """Let a second pass."""
        self.now_s += 1
        seen = Observation(self.now_s, self.num_running, self.target, queued, reports)
        before = self.target
        self.target, self.state = decide(seen, self.settings, self.state)
        if self.target > before:
            self._starting_at_s = self.now_s
        if self.target < self.num_running or self.now_s - self._starting_at_s >= self._startup_s:
            self.num_running = self.target
        return self.target

    def spread(self, num_streams: int, seconds: int = 1) -> list[int]:
        """See so many streams spread over the replicas, for some seconds."""
        targets = []
        for _ in range(seconds):
            shares = [num_streams // self.num_running] * self.num_running if self.num_running else []
            for index in range(num_streams - sum(shares) if shares else 0):
                shares[index] += 1
            targets.append(self.see(*map(report, shares), queued=0 if shares else num_streams))
        return targets


def test_slots_that_fill_ask_for_more_at_once() -> None:
    controller = Controller()
    assert controller.see(report(num_open=6)) == 1
    assert controller.see(report(num_open=7)) == 2


def test_load_counts_where_it_is_scarcer_than_slots() -> None:
    assert Controller().see(report(num_open=2, load=0.9)) == 2
    assert Controller().see(report(num_open=2, load=1.7)) == 3


def test_those_who_wait_and_those_who_were_refused_count() -> None:
    assert Controller().see(report(num_open=4)) == 1
    assert Controller().see(report(num_open=4), queued=8) == 2
    assert Controller().see(report(num_open=8, refused=5)) == 3


def test_a_listener_who_runs_dry_says_that_the_replica_is_full() -> None:
    assert Controller().see(report(num_open=2, load=0.5, headroom_s=3.0)) == 1
    assert Controller().see(report(num_open=2, load=0.5, headroom_s=0.1)) == 2


def test_growth_is_met_before_it_arrives() -> None:
    steady, growing = Controller(), Controller()
    for _ in range(12):
        steady.see(report(num_open=6))
    for num_open in (1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6):
        growing.see(report(num_open=num_open))
    assert steady.target == 1
    assert growing.target == 2


def test_what_starting_was_seen_to_take_replaces_the_setting() -> None:
    controller = Controller(startup_s=30.0)
    for _ in range(40):
        controller.see(report(num_open=8))
    assert controller.state.startup_s == pytest.approx(30.0, abs=2.0)


def test_the_margin_grows_slower_than_the_load() -> None:
    settings = SETTINGS._replace(margin=2.0, target_load=1.0, max_replicas=1000)

    def spare(num_replicas: int) -> float:
        target = Controller(settings, num_replicas).see(*[report(num_open=8)] * num_replicas)
        return target / num_replicas - 1

    assert spare(4) > spare(16) > spare(100) > 0


def test_replicas_leave_only_after_the_delay() -> None:
    controller = Controller(num_running=3)
    targets = controller.spread(2, seconds=70)
    assert targets[:59] == [3] * 59
    assert targets[-1] == 1


def test_one_busy_moment_within_the_delay_keeps_them() -> None:
    controller = Controller(num_running=2)
    controller.spread(2, seconds=40)
    controller.spread(12, seconds=1)
    assert controller.spread(2, seconds=55) == [2] * 55


def test_a_load_that_swings_faster_than_the_delay_changes_nothing() -> None:
    controller = Controller()
    targets = [controller.spread(3 if second // 10 % 2 else 12)[0] for second in range(300)]
    settled = targets[60:]
    assert len(set(settled)) == 1


def test_what_is_left_holds_those_who_are_here() -> None:
    controller = Controller(num_running=8)
    for num_streams in (*range(50, 0, -1), *range(50)):
        for target in controller.spread(num_streams, seconds=5):
            assert target * 8 >= num_streams


def test_none_are_left_once_nobody_has_listened_for_the_idle_delay() -> None:
    controller = Controller(SETTINGS._replace(min_replicas=0))
    controller.spread(4, seconds=10)
    targets = controller.spread(0, seconds=130)
    assert targets[110:118] == [1] * 8
    assert targets[-1] == 0


def test_from_none_to_one_as_soon_as_somebody_waits() -> None:
    controller = Controller(SETTINGS._replace(min_replicas=0), num_running=0)
    assert controller.spread(0, seconds=5) == [0] * 5
    assert controller.see(queued=1) == 1


REPORTS = st.lists(
    st.builds(
        ReplicaReport,
        slots=st.sampled_from([4.0, 8.0, 64.0]),
        open=st.integers(0, 64).map(float),
        load=st.floats(0, 4),
        headroom_s=st.floats(-5, 30),
        refused=st.integers(0, 20).map(float),
    ),
    max_size=6,
)


@given(st.lists(st.tuples(REPORTS, st.integers(0, 50)), min_size=1, max_size=20), st.integers(0, 3))
def test_never_below_the_least_nor_above_the_most(
    history: list[tuple[list[ReplicaReport], int]], min_replicas: int
) -> None:
    controller = Controller(SETTINGS._replace(min_replicas=min_replicas, max_replicas=5, margin=2.0), 3)
    for reports, queued in history:
        assert min_replicas <= controller.see(*reports, queued=queued) <= 5


@given(st.lists(st.integers(0, 8), min_size=1, max_size=4), st.integers(0, 3), st.integers(0, 20))
def test_more_listeners_never_get_fewer_replicas(opens: list[int], index: int, queued: int) -> None:
    def target(opens: list[int]) -> int:
        return Controller(SETTINGS._replace(margin=2.0)).see(*map(report, opens), queued=queued)

    more = list(opens)
    more[index % len(more)] += 1
    assert target(more) >= target(opens)
