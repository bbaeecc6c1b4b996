"""What replicas have last said of their room: which of them are full, and when one won't be any more."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from deployments.keys.door import PROBE_S
from deployments.pulse import PULSE_S, is_silent
from tts_core.engine.protocol import Room
from tts_core.errors import Overloaded

IN_TOUCH_S = 3 * PULSE_S
"""For how long what a replica says with a sign of life is taken to hold: it says it again before that."""


@dataclass
class _Word:
    """What a replica has said of its room for a model.

    Attributes:
        num_free: how many more it would let in, with those who have left since.
        free_at_s: when it expects room for one more.
        until_s: until when that is taken to hold.
        told_at_s: when it was told.
    """

    num_free: int
    free_at_s: float
    until_s: float
    told_at_s: float


_words: dict[tuple[str, str], _Word] = {}
"""By the ids of replicas and the names of models. One table for the process, by the monotonic clock: Serve
makes the router, and hands it nothing of ours."""


def is_full(replica: str, model: str = "") -> bool:
    """Return whether a replica has just said that it has no room for a model, or for one of all."""
    now_s = time.monotonic()
    return any(
        not word.num_free and now_s < word.until_s
        for (one, its_model), word in _words.items()
        if one == replica and model in ("", its_model)
    )


class FullReplicas:
    """Remembers what the replicas of one model say of their room, so that nobody asks those who are full.

    What is told in answer to a request holds for `PROBE_S` at most, since it isn't always heard when there is
    room again; what comes with a sign of life holds until the next few.

    Args:
        model: its name.
        running: the ids of the replicas that there are.
    """

    def __init__(self, model: str, running: Callable[[], frozenset[str]]) -> None:
        self._model, self._running = model, running
        self._freed_at_s: dict[str, float] = {}

    def answered(self, replica: str, room: Room, asked_at_s: float) -> None:
        """Note what a replica has told a request that was made then, by the monotonic clock.

        Answers and ends of streams come by different ways: if one has been heard of since the request was
        made, a replica that says it is full may have said so before that.
        """
        if not room.num_free and self._freed_at_s.get(replica, -math.inf) >= asked_at_s:
            return
        self._note(replica, room, PROBE_S)

    def said(self, replica: str, room: Room) -> None:
        """Note what a replica has said with a sign of life."""
        self._note(replica, room, IN_TOUCH_S)

    def freed(self, replica: str) -> None:
        """Note that a stream has ended on a replica. It says nothing of the others."""
        self._freed_at_s[replica] = time.monotonic()
        word = _words.get((replica, self._model))
        if word is not None:
            word.num_free += 1

    def num_free(self) -> int | None:
        """Return how many more the replicas would let in; None where that isn't known of each that lives."""
        words, num_living = self._words(), len(self._living())
        return sum(word.num_free for word in words) if words and len(words) == num_living else None

    def soonest_s(self) -> float | None:
        """Return in how many seconds one of those who are full expects room; None where none has said."""
        left_s = [word.free_at_s - time.monotonic() for word in self._words() if not word.num_free]
        return max(0.0, min(left_s)) if left_s else None

    def told_at_s(self) -> float:
        """Return when one of them last told its room."""
        return max((word.told_at_s for word in self._words()), default=-math.inf)

    def check(self) -> None:
        """Return unless every replica is known to be full.

        Raises:
            Overloaded: they are.
        """
        if self.num_free() == 0:
            raise Overloaded("every slot is taken", retry_after_s=self.soonest_s())

    def _living(self) -> frozenset[str]:
        return frozenset(one for one in self._running() if not is_silent(one))

    def _words(self) -> list[_Word]:
        """Return what those who live have said, as far as it still holds."""
        now_s = time.monotonic()
        words = [_words.get((one, self._model)) for one in self._living()]
        return [word for word in words if word is not None and now_s < word.until_s]

    def _note(self, replica: str, room: Room, holds_s: float) -> None:
        now_s = time.monotonic()
        running = self._running()
        self._freed_at_s = {one: at_s for one, at_s in self._freed_at_s.items() if one in running}
        for key in [key for key, word in _words.items() if word.until_s <= now_s]:
            del _words[key]
        last = _words.get((replica, self._model))
        # Whoever is in touch stays so for the rest of the time, whatever else they say meanwhile.
        until_s = max(now_s + holds_s, last.until_s if last is not None else -math.inf)
        _words[replica, self._model] = _Word(room.num_free, now_s + room.soonest_s, until_s, now_s)
