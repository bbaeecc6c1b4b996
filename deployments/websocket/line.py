"""Opening a context's speech, clause by clause: in turn, or a little before."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Awaitable
from dataclasses import replace
from typing import Protocol

from deployments.http.planning import Wish
from deployments.keys.errors import LimitReached
from deployments.speech import CountedSpeech
from deployments.websocket.clause_detector import Clause
from tts_core.errors import Overloaded

PATIENCE_S = 5.0
"""How long the server may be full in the middle of a turn: a listener hears a gap, rather than no more."""
_MAX_WAIT_S = 0.25


class OpenSpeech(Protocol):
    """Opens speech of a wish, under a name for the log; the rest as `Service.open`. Raises PolyvoxError."""

    def __call__(self, wish: Wish, name: str, *, is_again: bool, like: str) -> Awaitable[CountedSpeech]: ...


def clause_seed(seed: int, index: int) -> int:
    """Return the seed of a turn's clause: the first has the context's own.

    48 bits, which every JSON parser keeps.
    """
    if index == 0:
        return seed
    data = seed.to_bytes(8, "big") + index.to_bytes(8, "big")
    return int.from_bytes(hashlib.blake2b(data, digest_size=6).digest(), "big")


class Line:
    """Holds what is opened, one ahead at most.

    Args:
        open_speech: opens.
        wish: what all clauses share; its seed is given.
        name: of the context's clauses, in the log.
    """

    def __init__(self, open_speech: OpenSpeech, wish: Wish, name: str) -> None:
        self._open_speech, self._wish, self._name = open_speech, wish, name
        self._num_opened = 0
        self._is_again = False  # whether the key has paid for what is opened next
        self._like = ""  # fingerprint of what was opened last: a voice isn't to change from clause to clause
        self._ahead: asyncio.Task[CountedSpeech] | None = None

    def seed(self, index: int) -> int:
        """Return what a turn's clause is spoken with."""
        return clause_seed(self._wish.seed or 0, index)

    @property
    def request_id(self) -> str:
        """Name of the clause opened last."""
        return f"{self._name}.{self._num_opened}"

    def prepare(self, clause: Clause, index: int) -> None:
        """Begin to open the next clause, if that isn't done yet. Nothing is told if it fails: see `open`."""
        if self._ahead is None:
            self._ahead = asyncio.get_running_loop().create_task(self._open(clause, index))

    async def open(self, clause: Clause, index: int) -> CountedSpeech:
        """Open a clause: the one that was prepared, if one was.

        Raises:
            PolyvoxError: it can't be spoken; in the middle of a turn, that the server stays full.
        """
        give_up_at = time.monotonic() + (PATIENCE_S if index else 0.0)
        while True:
            task = self._ahead or asyncio.get_running_loop().create_task(self._open(clause, index))
            self._ahead = task
            try:
                # Shielded, so that `close` decides what becomes of it.
                speech = await asyncio.shield(task)
            except (Overloaded, LimitReached) as error:
                self._ahead = None
                wait_s = min(error.retry_after_s or _MAX_WAIT_S, _MAX_WAIT_S)
                if time.monotonic() + wait_s > give_up_at:
                    raise
                await asyncio.sleep(wait_s)
            except Exception:
                self._ahead = None
                raise
            else:
                self._ahead = None
                return speech

    async def _open(self, clause: Clause, index: int) -> CountedSpeech:
        self._num_opened += 1
        wish = replace(self._wish, text=clause.text.strip(), seed=self.seed(index))
        try:
            speech = await self._open_speech(wish, self.request_id, is_again=self._is_again, like=self._like)
        except Overloaded:
            self._is_again = True
            raise
        self._is_again, self._like = False, speech.fingerprint
        return speech

    def close(self) -> None:
        """Drop what is opened ahead. Never waits."""
        task, self._ahead = self._ahead, None
        if task is not None:
            task.cancel()
            task.add_done_callback(_close_unused)


def _close_unused(task: asyncio.Task[CountedSpeech]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        if task.exception() is None:
            task.result().close()
