"""What is behind a door, in tests: replicas that have so many slots, and what they say of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable

from deployments.config import WaitingArgs
from deployments.keys.door import Door
from tts_core.errors import Overloaded


class Replicas:
    """So many slots; counts who asks, and how many at once."""

    def __init__(self, num_slots: int, takes_s: float = 0.001) -> None:
        self.num_free, self.takes_s = num_slots, takes_s
        self.num_asked = self.num_asking = self.most_asking = 0
        self.admitted: list[str] = []
        self.retry_after_s = 4.5

    def asking(self, name: str) -> Callable[[], Awaitable[str]]:
        async def ask() -> str:
            self.num_asked += 1
            self.num_asking += 1
            self.most_asking = max(self.most_asking, self.num_asking)
            try:
                await asyncio.sleep(self.takes_s)
            finally:
                self.num_asking -= 1
            if not self.num_free:
                raise Overloaded("full", retry_after_s=self.retry_after_s)
            self.num_free -= 1
            self.admitted.append(name)
            return name

        return ask


class Told:
    """What replicas say of their room, in a test."""

    def __init__(self, num_free: int | None = None, soonest_s: float | None = None) -> None:
        self.free, self.soonest = num_free, soonest_s
        self.at_s = -math.inf

    def num_free(self) -> int | None:
        return self.free

    def soonest_s(self) -> float | None:
        return self.soonest

    def told_at_s(self) -> float:
        return self.at_s


def door(max_wait_s: float = 0.0, max_waiting: int = 256, known: Told | None = None) -> Door:
    return Door(WaitingArgs(max_wait_s=max_wait_s, max_waiting=max_waiting), known)
