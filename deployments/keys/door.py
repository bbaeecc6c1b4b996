"""The way in to one model's replicas: nobody asks a replica that is known to be full.

A replica decides itself whether it has a slot; to ask costs both sides. In front of that, each ingress has a
door: it lets `MAX_ASKING` requests ask at a time, and no more than there are free slots, where that is known.
One that is admitted lets the next one ask. One that is refused closes the door for all, at once, until a
replica says that it has room; or, since not every replica is in touch and new ones come, for `PROBE_S`. Then
a single one asks. While the door is closed, or all replicas are known to be full, who can't wait is refused
without asking anyone, and who can is let in by turns.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from deployments.config import WaitingArgs
from deployments.keys.fair_queue import FairQueue, Place
from tts_core.errors import Overloaded

MAX_ASKING = 16
PROBE_S = 0.25
OUTCOME_S = 0.01
"""For so long whoever can't wait does wait for the answers of others, who ask for every slot that is free: it
may be no. About as long as an answer takes while there is time for it; a refusal is to come at once."""
_FORECAST_AGE_S = 2.0
_UNKNOWN_S = 1.0
_SOON_S = 0.1
_TICK_S = 0.001

T = TypeVar("T")


class Known(Protocol):
    """What is known of the room behind a door, without asking."""

    def num_free(self) -> int | None:
        """Return how many would be let in; None where that isn't known."""
        ...

    def soonest_s(self) -> float | None:
        """Return in how many seconds there is expected to be room; None where that isn't known."""
        ...

    def told_at_s(self) -> float:
        """Return when any of that was last told, by the monotonic clock."""
        ...


class Unknown:
    """Nothing is known."""

    def num_free(self) -> None:
        return None

    def soonest_s(self) -> None:
        return None

    def told_at_s(self) -> float:
        return -math.inf


@dataclass(eq=False)
class _Waiter(Place):
    """Someone in the queue.

    Attributes:
        patient_until_s: by the loop's clock; after it, a closed door is a refusal.
        turn: resolved when it is this one's turn; fails when there will be none.
        asks_since_s: when the turn was taken, by the loop's clock.
    """

    patient_until_s: float = 0.0
    asks_since_s: float = 0.0
    turn: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Door:
    """Lets requests ask for a slot. Belongs to the event loop; knows nothing of replicas.

    Args:
        args: how long and how many may wait.
        known: of the room behind it.
    """

    def __init__(self, args: WaitingArgs, known: Known | None = None) -> None:
        self._known: Known = known or Unknown()
        self._max_wait_s = args.max_wait_s
        self._queue: FairQueue[_Waiter] = FairQueue(args.max_waiting)
        self._num_turns = MAX_ASKING
        self._asking: set[_Waiter] = set()
        self._is_closed = False
        self._probe: asyncio.TimerHandle | None = None
        self._free_at_s: deque[tuple[float, float]] = deque()

    @property
    def num_waiting(self) -> int:
        return len(self._queue)

    async def enter(self, payer: str, cost: int, ask: Callable[[], Awaitable[T]]) -> T:
        """Call `ask` when it is the payer's turn, again if it was refused and may wait; return what it does.

        Raises:
            Overloaded: there is no room, and waiting any longer isn't allowed. It says when to come back.
        """
        waiter = _Waiter(payer, cost, patient_until_s=self._now_s() + self._max_wait_s)
        await self._first_turn(waiter)
        while True:
            with contextlib.suppress(Overloaded):
                return await self._ask(waiter, ask)
            if self._now_s() >= waiter.patient_until_s:
                raise self._refusal()
            waiter.turn = asyncio.get_running_loop().create_future()
            await self._wait(waiter, self._queue.put_back(waiter))

    def check(self) -> None:
        """Return if whoever comes now would be let in, or may wait. Spares others work that is in vain.

        Raises:
            Overloaded: they would be refused.
        """
        if self.is_shut and not self._max_wait_s:
            raise self._refusal()

    def slots_freed(self, num: int = 1) -> None:
        """Say that a replica has, or may have, room for so many."""
        self._give_turns(num)

    @property
    def is_shut(self) -> bool:
        """Whether whoever comes now may not ask, and has to wait for room or go."""
        return self._known.num_free() == 0 or (self._is_closed and not self._num_turns)

    @property
    def _is_spoken_for(self) -> bool:
        """Whether somebody asks for every slot that is known to be free.

        Whoever asked before that was told may be counted in it already, and takes no slot of those.
        """
        num_free = self._known.num_free()
        if num_free is None:
            return False
        told_at_s = self._known.told_at_s()
        return sum(one.asks_since_s > told_at_s for one in self._asking) >= num_free

    def _may_ask(self) -> bool:
        return self._num_turns > 0 and not self._is_spoken_for

    def _take_turn(self, waiter: _Waiter) -> None:
        self._num_turns -= 1
        waiter.asks_since_s = self._now_s()
        self._asking.add(waiter)

    async def _first_turn(self, waiter: _Waiter) -> None:
        if self._may_ask() and not len(self._queue):
            self._take_turn(waiter)
            return
        self.check()
        await self._wait(waiter, self._queue.push(waiter))

    async def _wait(self, waiter: _Waiter, leaves: _Waiter | None) -> None:
        """Return when it is the waiter's turn. Who hangs up gives up the place, or the turn.

        Args:
            waiter: who has joined the queue.
            leaves: who has had to leave it for that, if anyone; the waiter, perhaps.
        """
        if leaves is not None and not leaves.turn.done():
            leaves.turn.set_exception(self._refusal())
        loop = asyncio.get_running_loop()
        leave_at_s = (waiter.patient_until_s, waiter.patient_until_s + OUTCOME_S)
        timers = [loop.call_at(at_s + _TICK_S, self._settle) for at_s in leave_at_s]
        self._settle()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if not self._queue.remove(waiter) and _is_granted(waiter.turn):
                self._asking.discard(waiter)
                self._give_turns(1)
            raise
        finally:
            for timer in timers:
                timer.cancel()

    async def _ask(self, waiter: _Waiter, ask: Callable[[], Awaitable[T]]) -> T:
        """Call `ask` with a turn that was taken, and give it back."""
        try:
            admitted = await ask()
        except Overloaded as error:
            self._asking.discard(waiter)
            now_s = self._now_s()
            self._free_at_s.append((now_s, now_s + (error.retry_after_s or _UNKNOWN_S)))
            self._close()
            raise
        except BaseException:
            self._asking.discard(waiter)
            self._give_turns(1)
            raise
        self._asking.discard(waiter)
        self._is_closed = False
        self._give_turns(1)
        return admitted

    def _close(self) -> None:
        self._is_closed, self._num_turns = True, 0
        self._settle()

    def _let_one_ask(self) -> None:
        self._probe = None
        is_due = not self._asking and not self._num_turns and self._known.num_free() != 0
        self._give_turns(int(is_due))

    def _give_turns(self, num: int) -> None:
        self._num_turns = max(0, min(self._num_turns + num, MAX_ASKING - len(self._asking)))
        self._settle()

    def _settle(self) -> None:
        """Let those ask who may. Where nobody may, send away who can't wait, and look again in a while."""
        while len(self._queue) and self._may_ask():
            waiter = self._queue.pop()
            if not waiter.turn.done():
                self._take_turn(waiter)
                waiter.turn.set_result(None)
        if self.is_shut:
            self._send_away(self._now_s())
        elif self._is_spoken_for:
            self._send_away(self._now_s() - OUTCOME_S)
        if self._probe is None and (self.is_shut or len(self._queue)):
            self._probe = asyncio.get_running_loop().call_later(PROBE_S, self._let_one_ask)

    def _send_away(self, patient_until_s: float) -> None:
        """Refuse those who could wait until then at most."""
        for waiter in [one for one in self._queue if one.patient_until_s <= patient_until_s]:
            self._queue.remove(waiter)
            if not waiter.turn.done():
                waiter.turn.set_exception(self._refusal())

    def _refusal(self) -> Overloaded:
        return Overloaded("every slot is taken", retry_after_s=max(_SOON_S, self._soonest_s()))

    def _soonest_s(self) -> float:
        """Return when the first slot is expected to be free, of the replicas that are known or were asked."""
        known_s = self._known.soonest_s()
        if known_s is not None:
            return known_s
        now_s = self._now_s()
        while self._free_at_s and now_s - self._free_at_s[0][0] > _FORECAST_AGE_S:
            self._free_at_s.popleft()
        return min((free_at_s - now_s for _, free_at_s in self._free_at_s), default=_UNKNOWN_S)

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()


def _is_granted(turn: asyncio.Future[None]) -> bool:
    return turn.done() and not turn.cancelled() and turn.exception() is None
