"""What is loaded when it is first wanted."""

from __future__ import annotations

import threading

import pytest
import torch

from tts_core.models.gpt_sovits import lazily
from tts_core.models.gpt_sovits.lazily import Lazily, StillLoading
from tts_core.torch_threads import in_threads, pin_threads


class Library:
    """Something that takes as long to load as the test wants, and fails as often."""

    def __init__(self, num_failures: int = 0) -> None:
        self.may_load = threading.Event()
        self.num_loads = 0
        self._num_failures = num_failures

    def load(self) -> str:
        assert self.may_load.wait(5)
        self.num_loads += 1
        if self.num_loads <= self._num_failures:
            raise OSError("a page is missing")
        return "book"


def ask_and_wait(lazy: Lazily[str], library: Library) -> None:
    """Return when what is asked for is there, or has failed."""
    over = threading.Event()
    library.may_load.clear()
    with pytest.raises(StillLoading) as caught:
        lazy.get()
    caught.value.when_over(over.set)
    assert not over.is_set()
    library.may_load.set()
    assert over.wait(5)


def test_it_is_loaded_once_and_nobody_is_kept_waiting_inside() -> None:
    library = Library()
    lazy = Lazily(library.load, "the book")
    assert not lazy.is_loaded
    for _ in range(3):
        with pytest.raises(StillLoading):
            lazy.get()
    assert not lazy.is_loaded
    library.may_load.set()
    assert lazy.load() == "book"  # of whoever would rather wait
    assert lazy.is_loaded
    assert lazy.get() == "book"
    assert library.num_loads == 1


def test_loading_is_done_in_one_thread_whatever_others_use_meanwhile() -> None:
    library, numbers = Library(), list[int]()

    def load() -> str:
        numbers.append(torch.get_num_threads())
        return library.load()

    pin_threads(1)
    with in_threads(2):
        ask_and_wait(Lazily(load, "the book"), library)
    assert numbers == [1]


def test_it_can_be_loaded_at_once() -> None:
    library = Library()
    library.may_load.set()
    lazy = Lazily(library.load, "the book")
    assert lazy.load() == lazy.get() == "book"
    assert library.num_loads == 1


def test_all_who_waited_hear_of_a_failure_and_later_ones_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(num_failures=1)
    lazy = Lazily(library.load, "the book")
    ask_and_wait(lazy, library)
    for _ in range(2):
        with pytest.raises(OSError, match="a page is missing"):
            lazy.get()
    assert not lazy.is_loaded
    assert library.num_loads == 1
    monkeypatch.setattr(lazily, "FAILED_FOR_S", -1.0)
    ask_and_wait(lazy, library)
    assert lazy.get() == "book"
