"""Which slots are taken. A slot is a place to compute in, never an identity."""

from __future__ import annotations

import heapq


class SlotPool:
    """Gives out the lowest free slot, so that batches stay as small as what is running.

    Args:
        num_slots: how many there are.
    """

    def __init__(self, num_slots: int) -> None:
        self.num_slots = num_slots
        self._free = list(range(num_slots))
        self._taken: set[int] = set()

    @property
    def has_free(self) -> bool:
        return bool(self._free)

    @property
    def taken(self) -> frozenset[int]:
        return frozenset(self._taken)

    @property
    def num_taken(self) -> int:
        return len(self._taken)

    @property
    def num_rows(self) -> int:
        """Return how many slots, from the first, hold all that are taken."""
        return max(self._taken, default=-1) + 1

    def take(self) -> int:
        """Return a slot that is the caller's until it is freed.

        Raises:
            RuntimeError: there is none.
        """
        if not self._free:
            raise RuntimeError(f"all {self.num_slots} slots are taken")
        slot = heapq.heappop(self._free)
        self._taken.add(slot)
        return slot

    def free(self, slot: int) -> None:
        """Give a slot back.

        Raises:
            RuntimeError: it isn't taken; freeing twice would give it to two sequences.
        """
        if slot not in self._taken:
            raise RuntimeError(f"slot {slot} is not taken")
        self._taken.remove(slot)
        heapq.heappush(self._free, slot)
