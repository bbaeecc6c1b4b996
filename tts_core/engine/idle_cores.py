"""How many cores there are for this process, beside what everybody else on the machine uses."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

_STAT = Path("/proc/stat")
_PERIOD_S = 0.1
_LATE_S = 1.0
_IDLE_FIELDS = (3, 4)  # idle, and waiting for a disk
_NUM_FIELDS = 8  # what comes after is counted in the first ones already


def own_cores() -> frozenset[int]:
    """Return the cores that this process may use."""
    return frozenset(os.sched_getaffinity(0) if sys.platform == "linux" else range(os.cpu_count() or 1))


def busy_s(cores: frozenset[int], stat: Path = _STAT) -> float | None:
    """Return for how long these cores have worked for anybody, since whenever; None where nobody tells.

    In a virtual machine that includes what the host took for itself.
    """
    try:
        lines = stat.read_text().splitlines()
    except OSError:
        return None
    ticks = 0
    for name, *figures in (line.split() for line in lines):
        if name.startswith("cpu") and name[3:].isdecimal() and int(name[3:]) in cores:
            spent = [int(figure) for figure in figures[:_NUM_FIELDS]]
            ticks += sum(spent) - sum(spent[place] for place in _IDLE_FIELDS)
    return ticks / os.sysconf("SC_CLK_TCK")


class IdleCores:
    """Looks how busy others are, ten times a second at most.

    Args:
        cores: that this process may use.
        busy_s: for how long they have worked for anybody; None where nobody tells.
        own_s: for how long they have for this process.

    Attributes:
        num_free: cores that nobody else used when it was last looked; none where that was long ago.
    """

    def __init__(
        self,
        cores: frozenset[int],
        busy_s: Callable[[frozenset[int]], float | None] = busy_s,
        own_s: Callable[[], float] = time.process_time,
    ) -> None:
        self._cores, self._busy_s, self._own_s = cores, busy_s, own_s
        self._last = -math.inf, 0.0
        self.num_free = 0.0

    def look(self) -> None:
        """See how things are, if it is time to."""
        now_s, (last_s, last_others_s) = time.monotonic(), self._last
        if now_s - last_s < _PERIOD_S:
            return
        busy_s = self._busy_s(self._cores)
        if busy_s is None:
            self.num_free = len(self._cores)
            return
        others_s = busy_s - self._own_s()
        self._last = now_s, others_s
        is_known = now_s - last_s < _LATE_S
        num_busy = max(0.0, others_s - last_others_s) / (now_s - last_s)
        self.num_free = len(self._cores) - num_busy if is_known else 0.0
