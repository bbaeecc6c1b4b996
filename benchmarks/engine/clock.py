"""How long a function takes, on a machine that may have other things to do."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

_MIN_ROUNDS = 5
_MAX_ROUNDS = 1000
_WARM_ROUNDS = 2


@dataclass(frozen=True)
class Timing:
    """One call, over `rounds` of them.

    Attributes:
        median_s: the figure that is reported.
        best_s, worst_s: how far single calls were from it.
        cpu_s: median of the process' CPU time. Less than the median on a CPU that others use as well.
    """

    median_s: float
    best_s: float
    worst_s: float
    cpu_s: float
    rounds: int


class Clock:
    """Calls a function again and again for a while.

    Args:
        device: waited for after each call.
        budget_s: how long to go on; at least five calls are made.
    """

    def __init__(self, device: torch.device, budget_s: float) -> None:
        self._device, self._budget_s = device, budget_s

    def time(self, function: Callable[[], object]) -> Timing:
        """Return the timing of a function, after two calls that don't count."""
        for _ in range(_WARM_ROUNDS):
            self._once(function)
        taken: list[float] = []
        cpu: list[float] = []
        while len(taken) < _MIN_ROUNDS or (sum(taken) < self._budget_s and len(taken) < _MAX_ROUNDS):
            cpu_s = time.process_time()
            taken.append(self._once(function))
            cpu.append(time.process_time() - cpu_s)
        return Timing(statistics.median(taken), min(taken), max(taken), statistics.median(cpu), len(taken))

    def _once(self, function: Callable[[], object]) -> float:
        started = time.perf_counter()
        function()
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter() - started
