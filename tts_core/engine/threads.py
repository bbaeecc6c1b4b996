"""How many threads share in one operation: one more core for whoever is alone, for as long as that helps."""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from tts_core.engine.idle_cores import IdleCores
from tts_core.torch_threads import in_threads

_WORTH_IT = 0.95
_TRY_EVERY = 16
_NUM_KEPT = 7
_LITTLE = 0.3
"""Cores that others may use of those that are shared: whoever brings audio to its listener does."""


def agree(compute: Callable[[], Tensor], few: int, many: int) -> bool:
    """Whether what is computed is the same to the last bit in so many threads, NaN included."""
    with in_threads(few):
        one = compute()
    with in_threads(many):
        other = compute()
    return torch.equal(one.view(torch.int32), other.view(torch.int32))


class Threads:
    """Shares the steps of one thread among as many as are of use.

    A core that others need makes a step slower, not faster: its threads wait for each other at every product,
    and so do those of whoever else had it. So cores must be idle. Whether more of them help is tried: now and
    then a step is done in the other number of threads, and held against the one before it, since what slows a
    machine down for a while does so to both. Bits must not depend on the number (see `agree`).

    Args:
        few: how many there are in any case.
        many: how many there may be.
        idle: tells what others leave.
        num_spare: how many cores are to be idle beside them.
    """

    def __init__(self, few: int, many: int, idle: IdleCores, num_spare: int = 0) -> None:
        self.few, self.many, self._idle, self._num_spare = few, many, idle, num_spare
        self._ratios: deque[float] = deque(maxlen=_NUM_KEPT)
        self._last = few, math.inf
        self._num_steps = 0

    @property
    def best(self) -> int:
        """The larger number where there is room for it, unless the other one has been faster of late."""
        helps = not self._ratios or statistics.median(self._ratios) < _WORTH_IT
        return self.many if helps and self._has_room else self.few

    def look(self) -> None:
        """See what cores are idle, if it is time to. Call it before every operation, shared or not."""
        self._idle.look()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Do a step within."""
        self._num_steps += 1
        is_trial, count = self._has_room and self._num_steps % _TRY_EVERY == 0, self.best
        if is_trial:
            count = self.few if count == self.many else self.many
        began_s = time.perf_counter()
        with in_threads(count):
            yield
        self._note(count, time.perf_counter() - began_s, is_trial=is_trial)

    @property
    def _has_room(self) -> bool:
        return self._idle.num_free >= self.many + self._num_spare - _LITTLE

    def _note(self, count: int, took_s: float, *, is_trial: bool) -> None:
        last_count, last_s = self._last
        self._last = count, took_s
        if is_trial and count != last_count:
            self._ratios.append(took_s / last_s if count == self.many else last_s / took_s)
