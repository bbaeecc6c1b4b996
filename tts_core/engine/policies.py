"""Whose turn it is: what a step does, of everything that it could do."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol
from weakref import WeakKeyDictionary

from tts_core.engine.operations import Decode, Operation, Prefill, Restore, Shape, Vocode
from tts_core.engine.sequence import Listener, Sequence, SequenceStatus
from tts_core.engine.work import Work


@dataclass(frozen=True)
class Options:
    """What could be done now. Every listener in it has room.

    Attributes:
        waiting: what may be read, or come back, into a slot; empty if none is free, or given up for it.
        running: what a decode step would advance.
        voicing: the segments at the front of their requests, with work for the vocoder.
        window_rows: how many windows are generated at once, at most.
    """

    waiting: tuple[Sequence, ...]
    running: tuple[Sequence, ...]
    voicing: tuple[Sequence, ...]
    window_rows: int = 1


class Policy(Protocol):
    """Chooses among options."""

    def pick(self, options: Options) -> Operation | None:
        """Return what to do, or None if there is nothing."""
        ...


class LeastHeadroom:
    """Whoever runs dry first gets what they need next: a window, latents, a token, or a slot.

    A decode step costs little more for many than for one, so it takes everyone along. For the same reason a
    newcomer is read before others go on, unless that would let someone who is playing run dry who would
    not otherwise: then deadlines decide.

    Args:
        prefill_s: how long reading a prompt takes, at the latest reckoning.
        clock: what deadlines are measured by.
    """

    def __init__(
        self, prefill_s: Callable[[], float] = lambda: 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._prefill_s, self._clock = prefill_s, clock

    def pick(self, options: Options) -> Operation | None:
        other = _neediest((*options.voicing, *options.running))
        # Nobody's next segment is read while they wait for the one before it.
        newcomer = _neediest(
            one for one in options.waiting if other is None or one.listener is not other.listener
        )
        if newcomer is not None and (other is None or self._may_enter(newcomer, other)):
            return enter(newcomer)
        if other is None:
            return None
        if other in options.voicing:
            return voice(other, options)
        return Decode(options.running)

    def _may_enter(self, newcomer: Sequence, other: Sequence) -> bool:
        if newcomer.status is SequenceStatus.PARKED:  # a copy: nobody runs dry for it
            return True
        deadline, now = other.listener.deadline, self._clock()
        endangered = now < deadline < now + self._prefill_s()
        return not endangered or newcomer.listener.deadline <= deadline


class RoundRobin:
    """Everything in turn: a newcomer is read, all running decode, one listener's audio is made, and again."""

    def __init__(self) -> None:
        self._turn, self._voiced = itertools.count(), itertools.count()
        self._last_turns: WeakKeyDictionary[Listener, int] = WeakKeyDictionary()

    def pick(self, options: Options) -> Operation | None:
        for _ in range(3):
            operation = (self._prefill, self._decode, self._voice)[next(self._turn) % 3](options)
            if operation is not None:
                return operation
        return None

    def _prefill(self, options: Options) -> Operation | None:
        return enter(options.waiting[0]) if options.waiting else None

    def _decode(self, options: Options) -> Operation | None:
        return Decode(options.running) if options.running else None

    def _voice(self, options: Options) -> Operation | None:
        if not options.voicing:
            return None
        # Whoever had no turn for the longest; who else comes and goes meanwhile makes no difference.
        chosen = min(options.voicing, key=lambda one: self._last_turns.get(one.listener, -1))
        self._last_turns[chosen.listener] = next(self._voiced)
        return voice(chosen, options)


def enter(newcomer: Sequence) -> Prefill | Restore:
    """Return what brings a sequence into a slot."""
    return Restore(newcomer) if newcomer.status is SequenceStatus.PARKED else Prefill(newcomer)


def voice(chosen: Sequence, options: Options) -> Operation:
    """Return the vocoder's next work on a sequence, with others whose windows are of the same size."""
    if chosen.work is Work.SHAPE:
        return Shape(chosen)
    others = (one for one in options.voicing if one is not chosen and _same_window(one, chosen))
    return Vocode((chosen, *itertools.islice(others, options.window_rows - 1)))


def _same_window(one: Sequence, other: Sequence) -> bool:
    if one.work is not Work.WINDOW or one.vocoder is None or other.vocoder is None:
        return False
    return one.vocoder.window_frames == other.vocoder.window_frames


def _neediest(sequences: Iterable[Sequence]) -> Sequence | None:
    """Return the one whose listener runs dry first; of equals the first one named."""
    return min(sequences, key=lambda one: one.listener.deadline, default=None)
