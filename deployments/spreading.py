"""Who runs dry on a busy replica goes on where fewer listen.

A stream stays where it began, for minutes: a replica that has just come, because there were too many
listeners or because another had died, would help those who come next, and none of those it was wanted for.
But speech can move without a byte changing (`failover`), so it does: while the other replica opens it the
present one speaks on, and where none takes it, or would speak otherwise, it stays.

To move costs the other replica what was made of the segment before. So nobody moves who isn't dry, nor twice
within `REST_S`, nor to where as many listen. Only this ingress's own streams are counted here: those of
others are seen by Serve's router, which asks replicas how many they have, and chooses.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from typing import Protocol

CHECK_S = 0.25
DRY_S = 0.5
"""Who is dry for so long isn't just waiting for a chunk."""
REST_S = 5.0
"""How long who has moved stays."""
DECLINED_S = 30.0
"""How long who couldn't move stays: what was in the way isn't gone at once."""


class Movable(Protocol):
    """A stream that can go on with another replica."""

    @property
    def replica(self) -> str:
        """Which one speaks, by Serve's unique id of it."""
        ...

    def is_dry(self, now_s: float) -> bool:
        """Whether its listener has begun to play, has nothing left, and would be helped by a move."""
        ...

    async def move(self, is_better: Callable[[str], bool]) -> bool:
        """Go on with the replica that takes it, if that `is_better`. Returns whether it does."""
        ...


class Spread:
    """The streams of one model, as an ingress sees them.

    Args:
        running: the ids of the model's replicas.
        on_move: told of every stream that has moved.
    """

    def __init__(self, running: Callable[[], frozenset[str]], on_move: Callable[[], None]) -> None:
        self._running, self._on_move = running, on_move
        self._dry_since_s: dict[Movable, float] = {}
        self._contexts: dict[Movable, Context] = {}
        self._rests_until_s: dict[Movable, float] = {}
        self._moves: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def watching(self, stream: Movable) -> Iterator[None]:
        """Watch over a stream within."""
        self._dry_since_s[stream] = math.inf
        self._contexts[stream] = copy_context()
        if self._watch is None or self._watch.done():
            self._watch = Context().run(asyncio.create_task, self._watch_all())
        try:
            yield
        finally:
            del self._dry_since_s[stream], self._contexts[stream]
            self._rests_until_s.pop(stream, None)

    async def _watch_all(self) -> None:
        while self._dry_since_s:
            await asyncio.sleep(CHECK_S)
            self._even_out(time.monotonic())

    def _even_out(self, now_s: float) -> None:
        """Move those who have been dry for longest, as long as that evens numbers out."""
        for stream, since_s in self._dry_since_s.items():
            self._dry_since_s[stream] = min(since_s, now_s) if stream.is_dry(now_s) else math.inf
        running = self._running()
        if self._moves or not running:  # who is on their way isn't where they are counted
            return
        thirsty = [one for one in self._dry_since_s if self._may_move(one, now_s)]
        listening = self._listening()
        for stream in sorted(thirsty, key=lambda one: self._dry_since_s[one]):
            emptiest = min(running, key=lambda one: listening[one])
            if listening[stream.replica] - listening[emptiest] < 2:
                continue
            listening[stream.replica] -= 1
            listening[emptiest] += 1
            self._rests_until_s[stream] = math.inf
            # Serve knows by the context which request something is asked for, and ends it with that one.
            task = self._contexts[stream].run(asyncio.create_task, self._move(stream))
            self._moves.add(task)
            task.add_done_callback(self._moves.discard)

    def _may_move(self, stream: Movable, now_s: float) -> bool:
        is_dry = now_s - self._dry_since_s[stream] >= DRY_S
        return is_dry and now_s >= self._rests_until_s.get(stream, -math.inf)

    async def _move(self, stream: Movable) -> None:
        def is_better(replica: str) -> bool:
            listening = self._listening()
            return listening[stream.replica] - listening[replica] >= 2

        has_moved = await stream.move(is_better)
        if stream in self._dry_since_s:
            self._rests_until_s[stream] = time.monotonic() + (REST_S if has_moved else DECLINED_S)
        if has_moved:
            self._on_move()

    def _listening(self) -> Counter[str]:
        """Return how many listen to each replica, where any do."""
        return Counter(one.replica for one in self._dry_since_s)
