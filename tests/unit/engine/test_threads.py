"""As many threads as are of use: both numbers are timed, and neither may change a bit."""

from __future__ import annotations

import threading
import time

import pytest
import torch
from torch import Tensor

from tts_core.engine.threads import Threads, agree, num_cores
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


def numbers_of(threads: Threads, count: int) -> list[int]:
    """Return in how many threads so many steps are done."""
    numbers = []
    for _ in range(count):
        with threads.shared():
            numbers.append(torch.get_num_threads())
    return numbers


def told(few_s: float, many_s: float) -> Threads:
    """Return threads that have been timed like that, for as long as nothing else is."""
    threads = Threads(FEW, MANY)
    for _ in range(8):
        threads.observe(FEW, few_s)
        threads.observe(MANY, many_s)
    return threads


@pytest.mark.parametrize(("few_s", "many_s", "best"), [(3.0, 2.0, MANY), (2.0, 3.0, FEW), (2.0, 1.99, FEW)])
def test_what_has_been_faster_is_taken(few_s: float, many_s: float, best: int) -> None:
    assert told(few_s, many_s).best == best


def test_more_are_taken_until_something_is_known() -> None:
    assert numbers_of(Threads(FEW, MANY), 3) == [MANY] * 3


def test_the_other_number_is_tried_now_and_then() -> None:
    numbers = numbers_of(told(1e9, 1e6), 100)
    assert numbers[:20] == [MANY] * 20
    assert 1 <= numbers.count(FEW) <= 5


def test_a_core_that_others_have_taken_is_left_to_them_and_found_again() -> None:
    threads, busy = Threads(FEW, MANY), [True]

    def step() -> int:
        with threads.shared():
            number = torch.get_num_threads()
            time.sleep(0.004 if number == MANY and busy[0] else 0.002 / number)
        return number

    assert sum(step() == FEW for _ in range(100)) > 50
    busy[0] = False
    assert sum(step() == MANY for _ in range(400)) > 200


def test_a_step_that_fails_is_not_timed() -> None:
    threads = Threads(FEW, MANY)
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


def test_there_is_at_least_one_core() -> None:
    assert num_cores() >= 1
