"""Who may come in: as many as can be kept supplied."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable

from tts_core.engine.costs import Costs
from tts_core.errors import Overloaded

_RETRY_AFTER_S = 1.0


STALLED_S = 5.0
"""Without room for so long is who doesn't listen: others have some again when a window has been played."""


def most_streams(num_slots: int, max_streams: int | None) -> int:
    """Return how many listeners may be here at once: unless said, half as many again as there are slots."""
    return num_slots + (num_slots + 1) // 2 if max_streams is None else max_streams


class Admission:
    """Admits by slots, and by the pace that everyone would have with one more.

    Whoever has stalled needs no slot now and takes none, up to a number of streams in all. When they come
    back, they have all the audio in hand that they may have, and share slots with the rest: so they count for
    the pace all the time.

    Args:
        costs: of this engine, as far as they are known; before that, slots alone decide.
        num_slots: listeners who are served at once, at most.
        most_streams: listeners at once, at most, those included who have stalled.
        min_pace: seconds of audio per second that each listener is to have. At 1 nobody who plays while
            listening runs dry; a lower one admits more listeners than can be kept supplied in real time; at 0
            slots alone decide. The first listener is always admitted.
        soonest_s: in how many seconds there will be room again, as far as that can be foreseen.
    """

    def __init__(
        self,
        costs: Costs,
        num_slots: int,
        most_streams: int,
        min_pace: float,
        soonest_s: Callable[[], float] = lambda: _RETRY_AFTER_S,
    ) -> None:
        self._costs, self._num_slots, self._most_streams = costs, num_slots, most_streams
        self._min_pace, self._soonest_s = min_pace, soonest_s

    @property
    def stalled_after_s(self) -> float:
        """How long a listener must have had no room to count as stalled.

        Where a pace is kept, no time at all: everyone who is here counts for it. Where slots alone decide,
        they stand for those who can be kept supplied, so only those count out who don't listen.
        """
        return 0.0 if self._min_pace > 0 else STALLED_S

    def check(self, num_open: int, num_stalled: int = 0) -> None:
        """Return if there is room for one more beside `num_open` listeners, of whom some have stalled.

        Raises:
            Overloaded: there is none.
        """
        if num_open - num_stalled >= self._num_slots:
            raise Overloaded(f"all {self._num_slots} slots are taken", retry_after_s=self._soonest_s())
        if num_open >= self._most_streams:
            raise Overloaded(f"{num_open} streams are open already", retry_after_s=self._soonest_s())
        if not self._keeps_pace(num_open):
            raise Overloaded(
                f"one more than {num_open} listeners could not be kept supplied",
                retry_after_s=self._soonest_s(),
            )

    def num_free(self, num_open: int, num_stalled: int = 0) -> int:
        """Return how many `check` would let in, one after the other, beside those who are here."""
        most = min(self._num_slots - (num_open - num_stalled), self._most_streams - num_open)
        slower = range(num_open, num_open + max(0, most))
        return bisect.bisect_left(slower, True, key=lambda num: not self._keeps_pace(num))

    def lends_after_s(self, num_open: int) -> float:
        """Return for how long a listener must have had no room for somebody to be let in for that.

        Infinite where that lets nobody in, or where it happens all the time and can't be foreseen.
        """
        is_foreseen = self.stalled_after_s > 0 and num_open < self._most_streams
        return self.stalled_after_s if is_foreseen else math.inf

    def _keeps_pace(self, num_open: int) -> bool:
        """Whether one more beside these leaves everyone supplied."""
        return not num_open or self._costs.pace(num_open + 1) >= self._min_pace
