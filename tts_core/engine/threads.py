"""How many threads share in one operation: one more core for whoever is alone, for as long as that helps."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from tts_core.torch_threads import in_threads

_WEIGHT = 0.25
_WORTH_IT = 0.95
_TRY_EVERY = 32


def num_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def agree(compute: Callable[[], Tensor], few: int, many: int) -> bool:
    """Whether what is computed is the same to the last bit in so many threads, NaN included."""
    with in_threads(few):
        one = compute()
    with in_threads(many):
        other = compute()
    return torch.equal(one.view(torch.int32), other.view(torch.int32))


class Threads:
    """Shares the steps of one thread among as many as have been faster of late.

    A core that others need makes a step slower, not faster: its threads wait for each other at every product.
    Nobody tells whether it is idle, so both ways are timed, the slower one now and then. Bits must not depend
    on the number (see `agree`).

    Args:
        few: how many there are in any case.
        many: how many there may be.
    """

    def __init__(self, few: int, many: int) -> None:
        self.few, self.many = few, many
        self._took_s: dict[int, float] = {}
        self._num_steps = 0

    @property
    def best(self) -> int:
        """The number that has been faster; the larger one as long as nobody knows."""
        if self.few not in self._took_s or self.many not in self._took_s:
            return self.many
        return self.many if self._took_s[self.many] < _WORTH_IT * self._took_s[self.few] else self.few

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Do a step within."""
        self._num_steps += 1
        count, best = self.best, self.best
        if self._num_steps % _TRY_EVERY == 0:
            count = self.few if best == self.many else self.many
        began_s = time.perf_counter()
        with in_threads(count):
            yield
        self.observe(count, time.perf_counter() - began_s)

    def observe(self, count: int, took_s: float) -> None:
        """Note how long a step took in so many threads."""
        known_s = self._took_s.get(count, took_s)
        self._took_s[count] = known_s + _WEIGHT * (took_s - known_s)
