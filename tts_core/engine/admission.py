"""Who may come in: as many as can be kept supplied."""

from __future__ import annotations

from collections.abc import Callable

from tts_core.engine.costs import Costs
from tts_core.errors import Overloaded

_RETRY_AFTER_S = 1.0


class Admission:
    """Admits by slots, and by the pace that everyone would have with one more.

    Args:
        costs: of this engine, as far as they are known; before that, slots alone decide.
        num_slots: listeners at once, at most.
        min_pace: seconds of audio per second that each listener is to have. At 1 nobody who plays while
            listening runs dry; a lower one admits more listeners than can be kept supplied in real time; at 0
            slots alone decide. The first listener is always admitted.
        soonest_s: in how many seconds there will be room again, as far as that can be foreseen.
    """

    def __init__(
        self,
        costs: Costs,
        num_slots: int,
        min_pace: float,
        soonest_s: Callable[[], float] = lambda: _RETRY_AFTER_S,
    ) -> None:
        self._costs, self._num_slots, self._min_pace = costs, num_slots, min_pace
        self._soonest_s = soonest_s

    def check(self, num_open: int) -> None:
        """Return if there is room for one more beside `num_open` listeners.

        Raises:
            Overloaded: there is none.
        """
        if num_open >= self._num_slots:
            raise Overloaded(f"all {self._num_slots} slots are taken", retry_after_s=self._soonest_s())
        if num_open and self._costs.pace(num_open + 1) < self._min_pace:
            raise Overloaded(
                f"one more than {num_open} listeners could not be kept supplied",
                retry_after_s=self._soonest_s(),
            )
