"""What was measured lately, for whoever looks now. Collectors have the long run."""

from __future__ import annotations

import math
from collections import deque

WINDOW_S = 300.0
MAX_VALUES = 2000
"""Of a busy server's five minutes, the latest: enough for a 95th percentile."""


class Recent:
    """Values of the last five minutes, the oldest first."""

    def __init__(self) -> None:
        self._values: deque[tuple[float, float]] = deque(maxlen=MAX_VALUES)

    def add(self, now_s: float, value: float) -> None:
        """Note a value, at a time by the monotonic clock."""
        self._values.append((now_s, value))

    def values(self, now_s: float) -> list[float]:
        """Return what isn't older than the window, in ascending order."""
        while self._values and now_s - self._values[0][0] > WINDOW_S:
            self._values.popleft()
        return sorted(value for _, value in self._values)


def percentile(ascending: list[float], share: float) -> float | None:
    """Return the smallest value that a share of all don't exceed; None where there are none."""
    if not ascending:
        return None
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]
