"""The scheduler with listeners who do what they like: no slot is shared or lost, and everyone finishes."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from tests.unit.engine.support import Driver, new_listener, resume, stall
from tts_core.engine.operations import Operation, Park
from tts_core.engine.policies import LeastHeadroom, RoundRobin
from tts_core.engine.scheduler import Scheduler
from tts_core.engine.sequence import Listener, SequenceStatus


class Crowd(RuleBasedStateMachine):
    """Listeners come, stall, resume and leave in any order."""

    NUM_SLOTS = 3
    NUM_SHELVES = 0
    listeners = Bundle("listeners")

    def __init__(self) -> None:
        super().__init__()
        self.driver: Driver | None = None
        self.here: dict[str, Listener] = {}
        self.stalled: set[str] = set()
        self.left: set[str] = set()
        self.num_came = 0

    @rule(target=listeners, deadline=st.floats(-1, 1), num_segments=st.integers(1, 4))
    def come(self, deadline: float, num_segments: int) -> Listener:
        listener = new_listener(f"r{self.num_came}", deadline)
        self.num_came += 1
        self.here[listener.request_id] = listener
        self._driver.add(listener, num_segments)
        return listener

    @rule(listener=consumes(listeners))
    def leave(self, listener: Listener) -> None:
        if self._driver.scheduler.knows(listener):
            self.left.add(listener.request_id)
        self._driver.remove(listener)
        self.here.pop(listener.request_id, None)

    @rule(listener=listeners)
    def stall(self, listener: Listener) -> None:
        stall(listener)
        self.stalled.add(listener.request_id)

    @rule(listener=listeners)
    def go_on(self, listener: Listener) -> None:
        resume(listener)
        self.stalled.discard(listener.request_id)

    @precondition(lambda self: self.driver and self.driver.reading)
    @rule()
    def read(self) -> None:
        self._driver.read()

    @rule(times=st.integers(1, 12))
    def step(self, times: int) -> None:
        for _ in range(times):
            self._check(self._driver.step())

    @invariant()
    def slots_have_one_owner_each(self) -> None:
        owners = [one for who in self._driver.scheduler.listeners for one in who.sequences]
        slots = [one.slot for one in owners if one.slot is not None]
        assert len(set(slots)) == len(slots) == self._driver.scheduler.num_running
        assert all((one.slot is not None) == (one.status is SequenceStatus.RUNNING) for one in owners)
        shelves = [one.shelf for one in owners if one.shelf is not None]
        assert len(set(shelves)) == len(shelves) == self._driver.scheduler.num_parked <= self.NUM_SHELVES
        assert all((one.shelf is not None) == (one.status is SequenceStatus.PARKED) for one in owners)
        placed = Counter(id(one.listener) for one in owners if one.slot is not None or one.shelf is not None)
        assert max(placed.values(), default=0) <= 1

    def teardown(self) -> None:
        if self.driver is None:
            return
        for listener in self.here.values():
            resume(listener)
        self.driver.run(max_steps=10_000)
        assert sorted([*self.driver.finished, *self.left]) == sorted(f"r{i}" for i in range(self.num_came))
        assert self.driver.scheduler.listeners == ()
        assert self.driver.scheduler.num_running == self.driver.scheduler.num_parked == 0
        self.driver.scheduler.check_idle()

    @property
    def _driver(self) -> Driver:
        if self.driver is None:
            self.driver = self.make_driver()
        return self.driver

    def make_driver(self) -> Driver:
        scheduler = Scheduler(self.NUM_SLOTS, LeastHeadroom(), window_rows=2, num_shelves=self.NUM_SHELVES)
        return Driver(scheduler, is_early=True)

    def _check(self, operation: Operation | None) -> None:
        for sequence in operation.sequences if operation else ():
            assert isinstance(operation, Park) or sequence.listener.request_id not in self.stalled
            assert sequence.status is not SequenceStatus.DROPPED


class RoundRobinCrowd(Crowd):
    def make_driver(self) -> Driver:
        return Driver(Scheduler(self.NUM_SLOTS, RoundRobin(), num_shelves=self.NUM_SHELVES))


class LendingCrowd(Crowd):
    NUM_SLOTS, NUM_SHELVES = 2, 3


class LendingRoundRobinCrowd(RoundRobinCrowd):
    NUM_SLOTS, NUM_SHELVES = 1, 2


_SETTINGS = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestCrowd = Crowd.TestCase
TestCrowd.settings = _SETTINGS
TestRoundRobinCrowd = RoundRobinCrowd.TestCase
TestRoundRobinCrowd.settings = _SETTINGS
TestLendingCrowd = LendingCrowd.TestCase
TestLendingCrowd.settings = _SETTINGS
TestLendingRoundRobinCrowd = LendingRoundRobinCrowd.TestCase
TestLendingRoundRobinCrowd.settings = _SETTINGS
