"""The pulse of replicas: who is still there, and answers nothing.

A replica that dies closes its connections, and its streams move at once. One that is stopped, or whose node
has vanished, closes nothing: it looks like one whose listeners have enough for the moment. So each ingress
asks every replica it knows for a sign of life, several times a second, and counts the times without one. It
counts askings, not time: an ingress that was itself held up hears what has arrived meanwhile before it counts
once more.

A sign of life comes from the replica's event loop, which waits for no computation. On a machine that is
overrun it may still be late, and to move costs capacity: so whoever has audio in hand waits longer than
whoever is about to run dry.
"""

from __future__ import annotations

PULSE_S = 0.25
SILENT_S = 1.0
"""A replica without a sign of life for so long gets no new requests, and loses listeners who run dry."""
LOST_S = 3.0
"""After so long it loses all of them."""
RESERVE_S = 2.0
"""What a listener keeps in hand for the move: being let in elsewhere, and getting to the same sample."""

_silent: set[str] = set()
"""Ids of silent replicas. One set for the process: Serve makes the router, and hands it nothing of ours."""


def is_silent(replica: str) -> bool:
    """Whether this process waits for a sign of life of a replica, by Serve's unique id of it."""
    return replica in _silent


def patience_s(headroom_s: float) -> float:
    """Return how long a listener with so much audio in hand stays with a silent replica."""
    return min(LOST_S, max(SILENT_S, headroom_s - RESERVE_S))


class Pulse:
    """One replica's. `beat` every `PULSE_S`; `heard` whenever anything comes from it; `end` in the end.

    Args:
        replica: Serve's unique id of it.
    """

    def __init__(self, replica: str) -> None:
        self._replica = replica
        self._num_beats = 0

    @property
    def silence_s(self) -> float:
        """How long nothing has come, one beat aside, which is on its way."""
        return max(0, self._num_beats - 1) * PULSE_S

    def heard(self) -> None:
        self._num_beats = 0
        _silent.discard(self._replica)

    def beat(self) -> bool:
        """Count one more asking. Returns whether the replica has fallen silent just now."""
        self._num_beats += 1
        has_fallen = self.silence_s >= SILENT_S and not is_silent(self._replica)
        if has_fallen:
            _silent.add(self._replica)
        return has_fallen

    def end(self) -> None:
        _silent.discard(self._replica)


class InHand:
    """How much audio there is for a listener at least: delivered and not played yet, or waiting for delivery.

    It begins with what comes after the first delivery, so that nothing counts that was heard before a move.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._num_delivered = 0
        self._dry_at_s: float | None = None

    def delivered(self, num_delivered: int, now_s: float) -> None:
        """Note how many samples have been delivered in all."""
        if self._dry_at_s is None:
            self._dry_at_s = now_s
        else:
            fresh = num_delivered - self._num_delivered
            self._dry_at_s = max(self._dry_at_s, now_s) + fresh / self._rate_hz
        self._num_delivered = num_delivered

    def seconds(self, now_s: float, num_given: int) -> float:
        """Return when they run dry, if `num_given` samples have come from replicas in all."""
        unplayed_s = 0.0 if self._dry_at_s is None else max(0.0, self._dry_at_s - now_s)
        return unplayed_s + max(0, num_given - self._num_delivered) / self._rate_hz
