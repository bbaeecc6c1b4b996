"""As many threads as are of use: both numbers are timed, and neither may change a bit."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import cast

import pytest
import torch
from torch import Tensor

from tts_core.engine.idle_cores import IdleCores
from tts_core.engine.threads import Threads, agree
from tts_core.torch_threads import in_threads, pin_threads

FEW, MANY = 1, 2


@pytest.fixture(autouse=True)
def few_threads() -> None:
    pin_threads(FEW)


def test_a_number_of_threads_holds_for_what_is_within() -> None:
    with in_threads(MANY):
        assert torch.get_num_threads() == MANY
    assert torch.get_num_threads() == FEW


def test_it_ends_with_what_fails() -> None:
    with pytest.raises(RuntimeError, match="broken"), in_threads(MANY):
        raise RuntimeError("broken")
    assert torch.get_num_threads() == FEW


def test_others_have_their_own_number() -> None:
    """Else what a neighbour computes would be computed otherwise."""
    numbers = list[int]()
    is_pinned, is_within, is_noted = threading.Event(), threading.Event(), threading.Event()

    def neighbour() -> None:
        pin_threads(FEW)
        is_pinned.set()
        is_within.wait(10)
        numbers.append(torch.get_num_threads())
        is_noted.set()

    thread = threading.Thread(target=neighbour)
    thread.start()
    assert is_pinned.wait(10)
    with in_threads(MANY):
        is_within.set()
        assert is_noted.wait(10)
    thread.join()
    assert numbers == [FEW]


@dataclass
class Idle:
    """Cores that nobody else uses, as many as the test says."""

    num_free: float = MANY

    def look(self) -> None:
        """They are known."""


def threads_beside(idle: Idle) -> Threads:
    return Threads(FEW, MANY, cast(IdleCores, idle))


class Clock:
    """Time that passes in steps alone: `took_s` of each number of threads, times whatever slows both."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, took_s: dict[int, float]) -> None:
        self.now_s, self.slowness, self.took_s = 0.0, 1.0, took_s
        monkeypatch.setattr(time, "perf_counter", lambda: self.now_s)

    def steps(self, threads: Threads, count: int) -> list[int]:
        """Return in how many threads so many steps are done."""
        numbers = []
        for _ in range(count):
            with threads.shared():
                numbers.append(torch.get_num_threads())
                self.now_s += self.slowness * self.took_s[numbers[-1]]
        return numbers


@pytest.mark.parametrize(("few_s", "many_s", "best"), [(3.0, 2.0, MANY), (2.0, 3.0, FEW), (2.0, 1.99, FEW)])
def test_what_is_faster_is_taken(
    monkeypatch: pytest.MonkeyPatch, few_s: float, many_s: float, best: int
) -> None:
    threads, clock = threads_beside(Idle()), Clock(monkeypatch, {FEW: few_s, MANY: many_s})
    assert threads.best == MANY  # until something is known
    numbers = clock.steps(threads, 200)
    assert threads.best == best
    assert numbers.count(best) > 170
    assert set(numbers) == {FEW, MANY}  # the other one is tried now and then


def test_a_core_that_others_take_is_left_to_them_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, clock = threads_beside(Idle()), Clock(monkeypatch, {FEW: 3.0, MANY: 2.0})
    for many_s, best in ((2.0, MANY), (4.0, FEW), (2.0, MANY)):
        clock.took_s[MANY] = many_s
        clock.steps(threads, 100)
        assert threads.best == best


def test_a_core_that_others_use_is_not_even_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = Idle(1.5)
    threads, clock = threads_beside(idle), Clock(monkeypatch, {FEW: 3.0, MANY: 2.0})
    assert clock.steps(threads, 100) == [FEW] * 100
    idle.num_free = 1.8
    assert clock.steps(threads, 10) == [MANY] * 10
    idle.num_free = 0.9
    assert clock.steps(threads, 10) == [FEW] * 10


def test_spare_cores_are_to_be_idle_as_well() -> None:
    for num_free, best in ((2.0, FEW), (2.6, FEW), (2.8, MANY)):
        assert Threads(FEW, MANY, cast(IdleCores, Idle(num_free)), num_spare=1).best == best


def test_what_slows_both_down_for_a_while_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, clock = threads_beside(Idle()), Clock(monkeypatch, {FEW: 3.0, MANY: 2.0})
    for slowness in (1.0, 4.0, 1.0, 3.0, 1.0, 5.0):
        clock.slowness = slowness
        clock.steps(threads, 37)
        assert threads.best == MANY


def test_one_step_that_was_held_up_says_little(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, clock = threads_beside(Idle()), Clock(monkeypatch, {FEW: 3.0, MANY: 2.0})
    clock.steps(threads, 100)
    clock.took_s[FEW] = 0.1
    while FEW not in clock.steps(threads, 1):
        pass
    assert threads.best == MANY


def test_a_step_that_fails_is_not_timed() -> None:
    threads = threads_beside(Idle())
    with pytest.raises(RuntimeError, match="broken"), threads.shared():
        raise RuntimeError("broken")
    assert threads.best == MANY
    assert torch.get_num_threads() == FEW


def test_what_a_number_of_threads_changes_is_noticed_to_the_last_bit() -> None:
    def changed() -> Tensor:
        return torch.nextafter(torch.ones(3), torch.tensor(float(torch.get_num_threads())))

    assert agree(lambda: torch.full((3,), torch.nan), FEW, MANY)
    assert not agree(changed, FEW, MANY)
    assert torch.get_num_threads() == FEW
