"""Another replica for a stream that has lost its own: asked for again and again, for as long as it helps."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from deployments.speech import Speech
from tts_core.errors import (
    EnginePoisoned,
    EngineStopped,
    Overloaded,
    PolyvoxError,
    SpeechChanged,
    StreamInterrupted,
)
from tts_core.request import SynthesisRequest

logger = logging.getLogger("ray.serve")

OPENING_S = 2.0
"""How long a request without any audio yet is tried elsewhere: its client can still be told."""
PATIENCE_S = 30.0
"""How long a request that was being spoken is: a replacement needs some seconds to load its weights."""
MAX_FOREIGN = 3
"""How many replicas that would speak otherwise are met before a stream is given up: during an update there
may still be some of its own kind."""
_FIRST_WAIT_S = 0.05
_MAX_WAIT_S = 2.0

# What says that a replica is gone, and nothing of the request.
REPLICA_GONE = (StreamInterrupted, EnginePoisoned, EngineStopped)


class GivenUp(Exception):
    """A request has ended as many replicas as it may, before there was any audio of it.

    Attributes:
        error: what the last of them came to.
    """

    def __init__(self, error: PolyvoxError) -> None:
        super().__init__(error.message)
        self.error = error


class ReplicaSpeech(Speech, Protocol):
    """Speech of one replica."""

    @property
    def replica(self) -> str:
        """Serve's unique id of the replica."""
        ...


Open = Callable[[SynthesisRequest], Awaitable[ReplicaSpeech]]
OnMove = Callable[[str, str, bool], None]
"""Told of every move: the model, the code of why, and whether another replica went on."""


def untold(model: str, code: str, is_resumed: bool) -> None:
    """Tell nobody."""


async def open_elsewhere(
    open_once: Open,
    request: SynthesisRequest,
    error: PolyvoxError,
    give_up_at: float,
    on_move: OnMove,
    fingerprint: str | None = None,
) -> ReplicaSpeech:
    """Try until a replica takes the request, or for so long, and tell `on_move` how it went.

    Args:
        fingerprint: what the speech must have; None where nothing was heard of it yet.

    Raises:
        SpeechChanged: the replicas that are left have another.
        PolyvoxError: what the request itself did wrong, or `error`, if no replica took it; where
            `open_once` raises GivenUp, its error.
    """
    try:
        speech = await _try_elsewhere(open_once, request, error, give_up_at, fingerprint)
    except GivenUp as last:
        on_move(request.model, error.code, False)
        raise last.error from last
    except Exception:  # but not a listener who hung up meanwhile
        on_move(request.model, error.code, False)
        raise
    on_move(request.model, error.code, True)
    return speech


async def _try_elsewhere(
    open_once: Open,
    request: SynthesisRequest,
    error: PolyvoxError,
    give_up_at: float,
    fingerprint: str | None,
) -> ReplicaSpeech:
    wait_s, num_foreign = _FIRST_WAIT_S, 0
    while time.monotonic() + wait_s <= give_up_at:
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, _MAX_WAIT_S)
        with _noting(request):
            speech = await open_once(request)
            if fingerprint in (None, speech.fingerprint):
                return speech
            speech.close()
            num_foreign += 1
            if num_foreign == MAX_FOREIGN:
                raise SpeechChanged("the replica that spoke is gone, and those that are left speak otherwise")
    raise error


@contextlib.contextmanager
def _noting(request: SynthesisRequest) -> Iterator[None]:
    """Note that no replica took a request, and go on."""
    try:
        yield
    except (*REPLICA_GONE, Overloaded) as refusal:
        logger.warning("request %s finds no replica: %s", request.request_id, refusal.message)
