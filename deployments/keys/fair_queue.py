"""Who is next among those who wait: everyone's turn comes round, however many wait behind one name."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

QUANTUM = 500
"""What a turn is worth, in characters: some sentences. A longer request takes several turns' saving."""


@dataclass(eq=False)
class Place:
    """Someone in the queue.

    Attributes:
        payer: in whose line.
        cost: characters.
        number: the queue's own, given when it was joined: lower ones came first.
        spent: of the payer's turns, when it was popped.
    """

    payer: str
    cost: int
    number: int = -1
    spent: int = 0


P = TypeVar("P", bound=Place)


class _Flow(Generic[P]):
    """The line of one payer, and what is left of their turns."""

    def __init__(self) -> None:
        self.line: deque[P] = deque()
        self.deficit = 0


class FairQueue(Generic[P]):
    """A bounded queue that takes payers by turns, and each payer's places in order.

    Deficit round robin (Shreedhar and Varghese, 1995): a payer whose turn it is gets `QUANTUM` more to spend,
    and what it can't spend yet is kept. Over time all who wait get as many characters, if their requests are
    short or long. When it is full, the longest line gives way at its end (McKenney, 1990), so that a payer
    who fills the queue can't keep others out of it.

    Pure: knows nothing of time, tasks or events.

    Args:
        max_places: how many may wait.
    """

    def __init__(self, max_places: int) -> None:
        self._max_places = max_places
        self._flows: dict[str, _Flow[P]] = {}
        self._turns: deque[str] = deque()
        self._num_places = 0
        self._next_number = 0

    def __len__(self) -> int:
        return self._num_places

    def __iter__(self) -> Iterator[P]:
        for flow in self._flows.values():
            yield from flow.line

    def push(self, place: P) -> P | None:
        """Join the end of the payer's line. Returns who has to leave for that: perhaps `place` itself."""
        leaves = self._last_of_the_longest(place) if self._num_places >= self._max_places else None
        if leaves is place:
            return place
        if leaves is not None:
            self.remove(leaves)
        place.number, self._next_number = self._next_number, self._next_number + 1
        if place.payer not in self._flows:
            self._flows[place.payer] = _Flow()
            self._turns.append(place.payer)
        self._flows[place.payer].line.append(place)
        self._num_places += 1
        return leaves

    def put_back(self, place: P) -> P | None:
        """Return someone who was popped in vain to where they were, with what they had spent.

        Someone who never waited goes before all who do. Others may have come meanwhile: returns who has to
        leave for it.
        """
        if place.payer not in self._flows:
            self._flows[place.payer] = _Flow()
            self._turns.appendleft(place.payer)
        flow = self._flows[place.payer]
        behind = (index for index, other in enumerate(flow.line) if other.number > place.number)
        flow.line.insert(next(behind, len(flow.line)), place)
        flow.deficit, place.spent = flow.deficit + place.spent, 0
        self._num_places += 1
        if self._num_places <= self._max_places:
            return None
        leaves = max((flow.line for flow in self._flows.values()), key=len)[-1]
        self.remove(leaves)
        return leaves

    def pop(self) -> P:
        """Take out who is next. Raises IndexError where nobody waits."""
        while True:
            flow = self._flows[self._turns[0]]
            place = flow.line[0]
            if place.cost <= flow.deficit:
                flow.deficit, place.spent = flow.deficit - place.cost, place.cost
                self.remove(place)
                return place
            flow.deficit += QUANTUM
            self._turns.rotate(-1)

    def remove(self, place: P) -> bool:
        """Take someone out of their line. Returns whether they were there."""
        flow = self._flows.get(place.payer)
        if flow is None or place not in flow.line:
            return False
        flow.line.remove(place)
        self._num_places -= 1
        if not flow.line:
            # What is left of a turn is forfeited: nobody saves up by staying away.
            del self._flows[place.payer]
            self._turns.remove(place.payer)
        return True

    def _last_of_the_longest(self, newcomer: P) -> P:
        longest = max((flow.line for flow in self._flows.values()), key=len)
        own = self._flows.get(newcomer.payer)
        return newcomer if own is not None and len(own.line) + 1 >= len(longest) else longest[-1]
