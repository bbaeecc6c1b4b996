"""Who does what next. Knows nothing of tensors: it sees listeners, their headroom, and slots."""

from __future__ import annotations

import dataclasses

from tts_core.engine.lending import lender_for
from tts_core.engine.operations import Operation, Park, Prefill, Restore, Shape, Vocode
from tts_core.engine.policies import Options, Policy
from tts_core.engine.sequence import Listener, Sequence, SequenceStatus
from tts_core.engine.slots import SlotPool

MAX_SEGMENTS_AHEAD = 1
"""How many segments of a request are prepared or decoded behind the one that is being heard."""


class Scheduler:
    """Owns the status of every sequence, and the slots. Not safe for threads.

    Args:
        num_slots: sequences that can be decoded at once.
        policy: whose turn it is.
        window_rows: windows that are generated at once, at most.
        num_shelves: sequences that can be parked at once. With none, slots are never lent.

    Attributes:
        num_voicing: operations on audio that were scheduled and are not over.
    """

    def __init__(self, num_slots: int, policy: Policy, window_rows: int = 1, num_shelves: int = 0) -> None:
        self._slots, self._shelves = SlotPool(num_slots), SlotPool(num_shelves)
        self._policy, self._window_rows = policy, window_rows
        self._listeners: dict[str, Listener] = {}
        self._full: dict[Listener, None] = {}  # those without room, since the longest first
        self.num_voicing = 0

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return tuple(self._listeners.values())

    @property
    def num_listeners(self) -> int:
        return len(self._listeners)

    @property
    def num_rows(self) -> int:
        """Return how many slots, from the first, hold all that are running."""
        return self._slots.num_rows

    @property
    def num_running(self) -> int:
        return self._slots.num_taken

    @property
    def num_parked(self) -> int:
        return self._shelves.num_taken

    def knows(self, listener: Listener) -> bool:
        """Return whether this very listener is here, and not a later one under the same id."""
        return self._listeners.get(listener.request_id) is listener

    def add(self, listener: Listener) -> Sequence:
        """Take a listener on, and return the first sequence to prepare."""
        if listener.request_id in self._listeners:
            raise RuntimeError(f"request {listener.request_id!r} is here already")
        self._listeners[listener.request_id] = listener
        return self._append(listener, listener.request.first_segment)

    def remove(self, listener: Listener) -> tuple[Sequence, ...]:
        """Forget a listener, and return those of their sequences that held a slot or a shelf, to be freed."""
        if not self.knows(listener):
            return ()
        del self._listeners[listener.request_id]
        self._full.pop(listener, None)
        held = tuple(one for one in listener.sequences if one.slot is not None or one.shelf is not None)
        for sequence in listener.sequences:
            sequence.status = SequenceStatus.DROPPED
        return held

    def schedule(self, *, with_voice: bool = True) -> Operation | None:
        """Return what to do next, or None. A sequence that is to enter a slot, or a shelf, has it already.

        Args:
            with_voice: whether to make audio, too, or to leave that to `schedule_voice`.
        """
        options, lenders = self._look()
        operation = self._policy.pick(options if with_voice else dataclasses.replace(options, voicing=()))
        if isinstance(operation, Prefill | Restore):
            return self._seat(operation, lenders)
        self._note_voice(operation)
        return operation

    def schedule_voice(self) -> Shape | Vocode | None:
        """Return what audio to make next, or None. Its sequences are left alone until it was `voiced`."""
        options, _ = self._look()
        operation = self._policy.pick(dataclasses.replace(options, waiting=(), running=()))
        self._note_voice(operation)
        return operation if isinstance(operation, Shape | Vocode) else None

    # What has been done

    def prepared(self, sequence: Sequence) -> None:
        """Let a sequence wait for a slot."""
        sequence.status = SequenceStatus.WAITING

    def known(self, sequence: Sequence) -> Sequence | None:
        """Note that a sequence's tokens were known when it came; as `started`."""
        self.decoded(sequence)
        return self._next_of(sequence.listener)

    def started(self, sequence: Sequence) -> Sequence | None:
        """Note that a sequence is running, and return the next one to prepare, where there is one."""
        sequence.status = SequenceStatus.RUNNING
        return self._next_of(sequence.listener)

    def parked(self, sequence: Sequence) -> None:
        """Note that a sequence is on its shelf, and its slot was freed."""
        sequence.status = SequenceStatus.PARKED

    def restored(self, sequence: Sequence) -> None:
        """Note that a sequence is running again, and its shelf was freed."""
        sequence.status = SequenceStatus.RUNNING

    def decoded(self, sequence: Sequence) -> None:
        """Note that a sequence's tokens are complete."""
        sequence.status = SequenceStatus.DECODED

    def spoken(self, sequence: Sequence) -> Sequence | None:
        """Note that all audio of a sequence was made; as `started`."""
        sequence.status = SequenceStatus.SPOKEN
        sequence.listener.sequences.remove(sequence)
        return self._next_of(sequence.listener)

    def failed(self, sequence: Sequence) -> None:
        """Note that a sequence can't be spoken: nothing after it is begun."""
        sequence.status = SequenceStatus.FAILED

    def voiced(self, operation: Shape | Vocode) -> None:
        """Note that work on audio is over."""
        self.num_voicing -= 1
        for sequence in operation.sequences:
            sequence.is_voicing = False

    def free(self, sequence: Sequence) -> None:
        """Take a sequence's slot, once nothing of it is left in there."""
        if sequence.slot is None:
            raise RuntimeError(f"{sequence!r} holds no slot")
        self._slots.free(sequence.slot)
        sequence.slot = None

    def free_shelf(self, sequence: Sequence) -> None:
        """Take a sequence's shelf, once nothing there is wanted any more."""
        if sequence.shelf is None:
            raise RuntimeError(f"{sequence!r} is on no shelf")
        self._shelves.free(sequence.shelf)
        sequence.shelf = None

    def check_idle(self) -> None:
        """Return if the books balance: what is taken, and only that, is somebody's who is here.

        Raises:
            RuntimeError: a slot or a shelf was lost, or has two owners.
        """
        held = [one for listener in self._listeners.values() for one in listener.sequences]
        for name, pool, of in (
            ("slots", self._slots, [one.slot for one in held]),
            ("shelves", self._shelves, [one.shelf for one in held]),
        ):
            owned = sorted(place for place in of if place is not None)
            if owned != sorted(pool.taken):
                raise RuntimeError(f"{name} {sorted(pool.taken)} are taken, and {owned} are anyone's")
        if self.num_voicing < 0:
            raise RuntimeError("audio came back that nobody had asked for")

    # Inside

    def _note_voice(self, operation: Operation | None) -> None:
        if isinstance(operation, Shape | Vocode):
            self.num_voicing += 1
            for sequence in operation.sequences:
                sequence.is_voicing = True

    def _look(self) -> tuple[Options, dict[Sequence, Sequence]]:
        """Return what could be done now, and who would lend their slot to whom if none is free.

        Whether a listener has room may change at any moment, so that is looked at once.
        """
        ready, full = list[Listener](), list[Listener]()
        for listener in self._listeners.values():
            if not listener.is_abandoned:
                (ready if listener.has_room else full).append(listener)
        self._full = dict.fromkeys((*(one for one in self._full if one in full), *full))
        running = [one for listener in ready for one in _in_slots(listener)]
        # One slot for each listener, or a long request would take the places of others.
        waiting = [one for listener in ready if (one := _next_to_enter(listener)) is not None]
        lenders = {} if self._slots.has_free else self._lenders(waiting, running)
        fronts = [listener.sequences[0] for listener in ready if listener.sequences]
        options = Options(
            waiting=tuple(one for one in waiting if self._slots.has_free or one in lenders),
            running=tuple(running),
            voicing=tuple(one for one in fronts if one.work is not None),
            window_rows=self._window_rows,
        )
        return options, lenders

    def _lenders(self, waiting: list[Sequence], running: list[Sequence]) -> dict[Sequence, Sequence]:
        if not self._shelves.has_free:
            return {}
        idle = [one for listener in self._full for one in _in_slots(listener)]
        found = ((one, lender_for(one, idle, running)) for one in waiting)
        return {one: lender for one, lender in found if lender is not None}

    def _seat(self, operation: Prefill | Restore, lenders: dict[Sequence, Sequence]) -> Operation:
        """Give a slot to whoever is to enter; where none is free, have another one parked first."""
        if self._slots.has_free:
            operation.sequence.slot = self._slots.take()
            return operation
        lender = lenders[operation.sequence]
        lender.shelf = self._shelves.take()
        return Park(lender)

    def _next_of(self, listener: Listener) -> Sequence | None:
        """Begin the segment after the last one, unless enough of them are under way."""
        if listener.script is None or len(listener.sequences) > MAX_SEGMENTS_AHEAD:
            return None
        if any(one.status is SequenceStatus.FAILED for one in listener.sequences):
            return None
        index = listener.num_begun
        if index >= listener.script.num_segments:
            return None
        return self._append(listener, index)

    def _append(self, listener: Listener, index: int) -> Sequence:
        sequence = Sequence(listener, index)
        listener.sequences.append(sequence)
        listener.num_begun = index + 1
        return sequence


def _in_slots(listener: Listener) -> list[Sequence]:
    return [one for one in listener.sequences if one.status is SequenceStatus.RUNNING]


def _next_to_enter(listener: Listener) -> Sequence | None:
    """Return what could enter a slot next, unless the listener has one: what has begun goes first."""
    if _in_slots(listener):
        return None
    entering = (SequenceStatus.PARKED, SequenceStatus.WAITING)
    return next((one for one in listener.sequences if one.status in entering), None)
