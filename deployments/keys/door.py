"""The way in to one model's replicas: nobody asks a replica that is known to be full.

A replica decides itself whether it has a slot; to ask costs both sides. In front of that, each ingress has a
door: it lets `MAX_ASKING` requests ask at a time. One that is admitted lets the next one ask. One that is
refused closes the door for all, at once, until a replica says that a stream has ended; or, since not every
replica is in touch and new ones come, for `PROBE_S`. Then a single one asks. While the door is closed, who
can't wait is refused without asking anyone, and who can is let in by turns.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from deployments.config import WaitingArgs
from deployments.keys.fair_queue import FairQueue, Place
from tts_core.errors import Overloaded

MAX_ASKING = 16
PROBE_S = 0.25
_FORECAST_AGE_S = 2.0
_UNKNOWN_S = 1.0
_SOON_S = 0.1

T = TypeVar("T")


@dataclass(eq=False)
class _Waiter(Place):
    """Someone in the queue.

    Attributes:
        patient_until_s: by the loop's clock; after it, a closed door is a refusal.
        turn: resolved when it is this one's turn; fails when there will be none.
    """

    patient_until_s: float = 0.0
    turn: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Door:
    """Lets requests ask for a slot. Belongs to the event loop; knows nothing of replicas.

    Args:
        args: how long and how many may wait.
    """

    def __init__(self, args: WaitingArgs) -> None:
        self._max_wait_s = args.max_wait_s
        self._queue: FairQueue[_Waiter] = FairQueue(args.max_waiting)
        self._num_turns = MAX_ASKING
        self._num_asking = 0
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
                return await self._ask(ask)
            if self._now_s() >= waiter.patient_until_s:
                raise self._refusal()
            waiter.turn = asyncio.get_running_loop().create_future()
            await self._wait(waiter, self._queue.put_back(waiter))

    def check(self) -> None:
        """Return if whoever comes now would be let in, or may wait. Spares others work that is in vain.

        Raises:
            Overloaded: they would be refused.
        """
        if self._is_closed and not self._num_turns and not self._max_wait_s:
            raise self._refusal()

    def slot_freed(self) -> None:
        """Say that a stream has ended on a replica, so that there may be room for one more."""
        self._give_turns(1)

    async def _first_turn(self, waiter: _Waiter) -> None:
        if self._num_turns and not len(self._queue):
            self._num_turns -= 1
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
        timer = loop.call_at(waiter.patient_until_s, self._send_away_the_impatient)
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if not self._queue.remove(waiter) and _is_granted(waiter.turn):
                self._give_turns(1)
            raise
        finally:
            timer.cancel()

    async def _ask(self, ask: Callable[[], Awaitable[T]]) -> T:
        self._num_asking += 1
        try:
            admitted = await ask()
        except Overloaded as error:
            self._num_asking -= 1
            self._close(error)
            raise
        except BaseException:
            self._num_asking -= 1
            self._give_turns(1)
            raise
        self._num_asking -= 1
        self._is_closed = False
        self._give_turns(1)
        return admitted

    def _close(self, error: Overloaded) -> None:
        now_s = self._now_s()
        self._is_closed, self._num_turns = True, 0
        self._free_at_s.append((now_s, now_s + (error.retry_after_s or _UNKNOWN_S)))
        self._send_away_the_impatient()
        if self._probe is None:
            self._probe = asyncio.get_running_loop().call_later(PROBE_S, self._let_one_ask)

    def _let_one_ask(self) -> None:
        self._probe = None
        if not self._num_turns and not self._num_asking:
            self._give_turns(1)
        elif self._is_closed and not self._num_turns:
            self._probe = asyncio.get_running_loop().call_later(PROBE_S, self._let_one_ask)

    def _give_turns(self, num: int) -> None:
        self._num_turns = max(0, min(self._num_turns + num, MAX_ASKING - self._num_asking))
        while self._num_turns and len(self._queue):
            waiter = self._queue.pop()
            if not waiter.turn.done():
                waiter.turn.set_result(None)
                self._num_turns -= 1

    def _send_away_the_impatient(self) -> None:
        if not self._is_closed:
            return
        now_s = self._now_s()
        for waiter in [one for one in self._queue if one.patient_until_s <= now_s]:
            self._queue.remove(waiter)
            if not waiter.turn.done():
                waiter.turn.set_exception(self._refusal())

    def _refusal(self) -> Overloaded:
        return Overloaded("every slot is taken", retry_after_s=max(_SOON_S, self._soonest_s()))

    def _soonest_s(self) -> float:
        """Return when the first slot is expected to be free, of the replicas that were asked lately."""
        now_s = self._now_s()
        while self._free_at_s and now_s - self._free_at_s[0][0] > _FORECAST_AGE_S:
            self._free_at_s.popleft()
        return min((free_at_s - now_s for _, free_at_s in self._free_at_s), default=_UNKNOWN_S)

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()


def _is_granted(turn: asyncio.Future[None]) -> bool:
    return turn.done() and not turn.cancelled() and turn.exception() is None
