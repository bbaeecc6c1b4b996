"""Which utterances compute now. Pure: knows nothing of processes, sockets or event loops."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class SequenceStatus(enum.Enum):
    """Where an open sequence stands with the scheduler, which alone writes it."""

    WAITING = enum.auto()  # could compute, but others go first
    RUNNING = enum.auto()
    PAUSED = enum.auto()  # must not compute until its listener has taken audio


class Schedulable(Protocol):
    """What the scheduler looks at."""

    status: SequenceStatus

    @property
    def has_room(self) -> bool:
        """Whether it may produce more."""
        ...

    @property
    def num_produced(self) -> int:
        """Samples produced so far."""
        ...

    @property
    def deadline(self) -> float:
        """When its listener runs out of audio or of patience, by a clock that all sequences share."""
        ...


S = TypeVar("S", bound=Schedulable)


@dataclass(frozen=True)
class Decision(Generic[S]):
    """All that compute now, and those that did until now."""

    running: list[S]
    rested: list[S]


class Scheduler(Generic[S]):
    """Gives turns to the sequences with the earliest deadlines.

    A newcomer's deadline is a little after its arrival, so it goes before listeners who have audio in hand,
    and after those who are about to run dry: newcomers alone could otherwise silence everyone else.

    A turn lasts until `turn_samples` are produced, so that a newcomer waits for the turns in progress and
    not for whole sentences; then its holder competes again. Without that floor two sequences with equal
    deadlines would swap at every buffer.

    Args:
        max_running: sequences that compute at the same time.
        turn_samples: least that a turn produces, if its sequence has room and text for it.
    """

    def __init__(self, max_running: int, turn_samples: int) -> None:
        self._max_running = max_running
        self._turn_samples = turn_samples
        self._sequences: list[S] = []  # in order of arrival, which breaks ties
        self._turn_began: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._sequences)

    def add(self, sequence: S) -> None:
        """Let a sequence compete from the next decision on."""
        self._sequences.append(sequence)

    def remove(self, sequence: S) -> None:
        """Forget a sequence; its turn, if it had one, is free."""
        self._sequences.remove(sequence)
        self._turn_began.pop(id(sequence), None)

    def schedule(self) -> Decision[S]:
        """Decide who computes from now on, and write it into each status."""
        able = [sequence for sequence in self._sequences if sequence.has_room]
        running = sorted(able, key=self._rank)[: self._max_running]
        rested = []
        for sequence in self._sequences:
            was_running = sequence.status is SequenceStatus.RUNNING
            sequence.status = self._status_of(sequence, running)
            if was_running and sequence.status is not SequenceStatus.RUNNING:
                rested.append(sequence)
                del self._turn_began[id(sequence)]
        for sequence in running:
            self._turn_began.setdefault(id(sequence), sequence.num_produced)
        return Decision(running, rested)

    def _rank(self, sequence: S) -> tuple[bool, float]:
        return not self._is_within_turn(sequence), sequence.deadline

    def _is_within_turn(self, sequence: S) -> bool:
        began = self._turn_began.get(id(sequence))
        return began is not None and sequence.num_produced - began < self._turn_samples

    def _status_of(self, sequence: S, running: list[S]) -> SequenceStatus:
        if any(sequence is other for other in running):
            return SequenceStatus.RUNNING
        return SequenceStatus.WAITING if sequence.has_room else SequenceStatus.PAUSED
