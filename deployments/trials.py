"""Who ends the replicas: a stream that has lost its replica is on trial until it has said something new.

A request may be what kills whatever speaks it, and takes its neighbours along each time: all of them look
alike. So those who die on trial return in smaller company. Whoever loses a replica for the first time goes
on at once, whatever else goes on. Who was among `n` on trial when theirs died returns among `n / 2` at most,
and the others wait until these have spoken or died: those that are innocent are told from the one that isn't
by halves. A death with nobody else on trial is a strike, and `MAX_STRIKES` of them in a row are a verdict.

So a request that kills ends no more than log2(n) + `MAX_STRIKES` replicas after the first, and those
beside it speak on; and one that dies often because replicas are killed from outside is acquitted by the first
new sample that it gets out. Nothing here tells one replica from another: who is on trial elsewhere counts as
company, which costs more rounds, but no one their speech.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque

import anyio

MAX_STRIKES = 3
"""How often in a row a stream may lose its replica with nobody else on trial."""
MAX_WAIT_S = 30.0
"""How long others may take. A stream that has waited longer goes on beside them."""


class Trials:
    """All trials of one model, as an ingress sees them."""

    def __init__(self) -> None:
        self._present: list[Suspect] = []
        self._waiting: deque[Suspect] = deque()

    def suspect(self) -> Suspect:
        """Return a stream's part in this: one that nothing is held against."""
        return Suspect(self)

    async def enter(self, suspect: Suspect) -> None:
        """Wait for a turn, which comes in the order of arrival."""
        if suspect.is_held_back:
            self._waiting.append(suspect)
            try:
                self._admit()
                # Before Python 3.12 asyncio.wait_for can lose a cancellation that comes with the turn.
                with anyio.move_on_after(MAX_WAIT_S):
                    await suspect.turn.wait()
            finally:
                if suspect in self._waiting:
                    self._waiting.remove(suspect)
        if not suspect.is_on_trial:
            self._begin(suspect)
        # Who stood behind one that went on out of turn, or left, may be next.
        self._admit()

    def leave(self, suspect: Suspect) -> None:
        """End a trial, and let others begin theirs."""
        if suspect.is_on_trial:
            suspect.is_on_trial = False
            self._present.remove(suspect)
            self._admit()

    def _admit(self) -> None:
        while self._waiting and self._has_room(self._waiting[0]):
            suspect = self._waiting.popleft()
            self._begin(suspect)
            suspect.turn.set()

    def _has_room(self, suspect: Suspect) -> bool:
        held_back = [one.room for one in self._present if one.is_held_back]
        return len(held_back) < min([suspect.room, *held_back])

    def _begin(self, suspect: Suspect) -> None:
        suspect.is_on_trial, suspect.company = True, 0
        self._present.append(suspect)
        num_held_back = sum(one.is_held_back for one in self._present)
        for one in self._present:
            # First-comers go where they like: their company says nothing for a suspect.
            now = num_held_back if one.is_held_back else len(self._present)
            one.company = max(one.company, now)


class Suspect:
    """One stream's part in the trials of its model.

    Attributes:
        room: how many may be on trial at once with this one, itself included.
        company: how many were, at most, in this trial.
        is_on_trial: whether it has moved to another replica, and said nothing new there yet.
        turn: set when a trial that was waited for begins.
    """

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self.room: float = math.inf
        self.company = 0
        self.is_on_trial = False
        self.turn = asyncio.Event()
        self._num_strikes = 0

    @property
    def is_held_back(self) -> bool:
        return self.room < math.inf

    @property
    def is_convicted(self) -> bool:
        return self._num_strikes >= MAX_STRIKES

    async def enter(self) -> None:
        """Go on trial, in due course."""
        self.turn.clear()
        await self._trials.enter(self)

    def acquit(self) -> None:
        """Note that it has said something new."""
        if self.is_on_trial:
            self.room, self._num_strikes = math.inf, 0
            self.leave()

    def lose_replica(self) -> None:
        """Note that the replica is gone. No one is blamed for one that they have said something new on."""
        if not self.is_on_trial:
            return
        if self.room == 1 or self.company == 1:
            self._num_strikes += 1
        self.room = max(1, min(self.room, self.company) // 2)
        self.leave()

    def leave(self) -> None:
        """End the trial without a finding: it moves, or is over."""
        self._trials.leave(self)
