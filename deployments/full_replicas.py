"""Which replicas of a model have just said that they are full."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from deployments.keys.door import PROBE_S

_full_until_s: dict[str, float] = {}
"""By the ids of replicas. One table for the process: Serve makes the router, and hands it nothing of ours."""


def is_full(replica: str) -> bool:
    """Return whether a replica has refused a request of this process just now."""
    return time.monotonic() < _full_until_s.get(replica, -math.inf)


class FullReplicas:
    """Remembers refusals, so that nobody asks again where there is nobody else to ask.

    A refusal is taken to hold until a stream is known to have ended on any replica, and for `PROBE_S` at
    most, since not every end is heard of.

    Args:
        running: the ids of the replicas that there are.
        clock: seconds, only going forward.
    """

    def __init__(
        self, running: Callable[[], frozenset[str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._running, self._clock = running, clock
        self._refused_at_s: dict[str, float] = {}

    def note(self, replica: str) -> None:
        """Note that a replica has refused a request for want of room."""
        now_s = self._clock()
        self._refused_at_s = {one: at_s for one, at_s in self._refused_at_s.items() if now_s - at_s < PROBE_S}
        self._refused_at_s[replica] = now_s
        for old in [one for one, until_s in _full_until_s.items() if until_s <= time.monotonic()]:
            del _full_until_s[old]
        _full_until_s[replica] = time.monotonic() + PROBE_S

    def freed(self) -> None:
        """Note that a stream has ended somewhere."""
        for replica in self._refused_at_s:
            _full_until_s.pop(replica, None)
        self._refused_at_s.clear()

    def are_all(self) -> bool:
        """Whether every replica that there is has refused one of the last requests."""
        now_s = self._clock()
        running = self._running()
        asked_at_s = [self._refused_at_s.get(one, -math.inf) for one in running]
        return bool(running) and all(now_s - at_s < PROBE_S for at_s in asked_at_s)
