"""Speech that survives its replica: the same request, spoken on from the same sample by another one.

Bit identity makes it seamless: what another replica says from there on is what the first one would have said.
Encoding happens behind this, so encoded listeners notice as little as those who get PCM.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import dataclasses
import itertools
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from deployments.pulse import InHand
from deployments.speech import Speech, SpeechAround
from deployments.trials import Trials
from tts_core.engine.stream import BYTES_PER_SAMPLE, AudioChunk, SegmentMark
from tts_core.errors import (
    EnginePoisoned,
    EngineStopped,
    Overloaded,
    PolyvoxError,
    SpeechChanged,
    StreamInterrupted,
)
from tts_core.request import Returning, SynthesisRequest
from tts_core.timing.marks import Cue

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


Open = Callable[[SynthesisRequest], Awaitable[Speech]]
OnMove = Callable[[str, str, bool], None]
"""Told of every move: the model, the code of why, and whether another replica went on."""


def _untold(model: str, code: str, is_resumed: bool) -> None:
    """Tell nobody."""


async def open_resilient(
    open_once: Open, request: SynthesisRequest, on_move: OnMove = _untold, trials: Trials | None = None
) -> Speech:
    """Open speech, on another replica where the first one is gone.

    Args:
        open_once: asks the replicas once. Once there was audio, it needn't wait for more.
        request: what to speak.
        on_move: see there.
        trials: of the other streams that the same replicas speak; None if there are no others.

    Raises:
        PolyvoxError: as `open_once`; that a replica is gone only when no other one could take over.
    """
    open_once = _under_new_ids(open_once)
    try:
        speech = await open_once(request)
    except REPLICA_GONE as error:
        # From now on: a replica that hangs has taken its second already.
        give_up_at = time.monotonic() + OPENING_S
        speech = await _open_elsewhere(open_once, request, error, give_up_at, on_move)
    return ResilientSpeech(open_once, request, speech, on_move, trials)


def _under_new_ids(open_once: Open) -> Open:
    """Return the same, with an id of its own for each asking: a replica that was left may not have noticed.

    They count on through all moves, since a stream may come back to such a replica.
    """
    attempts = itertools.count()

    async def open_anew(request: SynthesisRequest) -> Speech:
        if attempt := next(attempts):
            request = dataclasses.replace(request, request_id=f"{request.request_id}.{attempt}")
        return await open_once(request)

    return open_anew


class ResilientSpeech(SpeechAround):
    """A `Speech` over as many replicas as it takes, one after the other.

    Samples are counted from the request's beginning, wherever the present replica began.
    """

    def __init__(
        self,
        open_once: Open,
        request: SynthesisRequest,
        speech: Speech,
        on_move: OnMove = _untold,
        trials: Trials | None = None,
    ) -> None:
        super().__init__(speech)
        self._open_once, self._request = open_once, request
        self._on_move = on_move
        self._suspect = (trials or Trials()).suspect()
        self._marks = [SegmentMark(request.first_segment, 0)]
        self._codes: tuple[int, ...] = ()  # of the segment that is being given
        self._base, self._num_dropped_before = 0, 0
        self._num_given = 0
        self._num_delivered = 0
        self._in_hand = InHand(speech.sample_rate_hz)
        self._is_closed = False
        self._error: PolyvoxError | None = None

    @property
    def num_dropped(self) -> int:
        return self._num_dropped_before + self._speech.num_dropped

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """Yield the audio in order, each sample once.

        Raises:
            PolyvoxError: the request can't be spoken, no replica could take over, or it ends them all.
        """
        is_whole = False
        try:
            while not is_whole:
                async for chunk in self._chunks_of_one():
                    yield chunk
                is_whole = self._error is None
                if self._error is not None:
                    self._suspect.lose_replica()
                    if self._suspect.is_convicted:
                        raise self._error
                    await self._move(self._error)
        finally:
            self._suspect.leave()

    async def _chunks_of_one(self) -> AsyncIterator[AudioChunk]:
        """Yield what the present replica adds, and note why it went."""
        self._error = None
        try:
            async for chunk in self._speech.chunks():
                fresh = self._fresh(chunk)
                if fresh is not None:
                    self._suspect.acquit()
                    yield fresh
                else:  # heard before: said again, so that the replica doesn't wait for it
                    self.acknowledge(self._num_delivered)
        except REPLICA_GONE as error:
            self._error = error

    def acknowledge(self, num_delivered: int) -> None:
        """Say how many samples have been written to the listener in all."""
        if num_delivered > self._num_delivered:
            self._in_hand.delivered(num_delivered, time.monotonic())
        self._num_delivered = num_delivered
        self._speech.acknowledge(max(0, num_delivered - self._base))

    def close(self) -> None:
        """End the speech."""
        self._is_closed = True
        self._suspect.leave()
        self._speech.close()

    def _open_for_return(self, mark: SegmentMark) -> Open:
        """Return what asks the replicas once, and says each time what the listener has by then."""
        num_known, codes = self._num_given - mark.start_sample, self._codes

        async def open_once(request: SynthesisRequest) -> Speech:
            # A trial that others wait for is to be short: it isn't put behind those who have less in hand.
            is_urgent = self._suspect.is_held_back
            in_hand_s = 0.0 if is_urgent else self._in_hand.seconds(time.monotonic(), self._num_given)
            returning = Returning(num_known, in_hand_s, codes)
            return await self._open_once(dataclasses.replace(request, returning=returning))

        return open_once

    def _fresh(self, chunk: AudioChunk) -> AudioChunk | None:
        """Return the part of a replica's chunk that was not given yet."""
        start = self._base + chunk.start_sample
        marks = tuple(self._new_marks(chunk))
        self._marks += marks
        num_known = min(max(0, self._num_given - start), chunk.num_samples)
        if num_known == chunk.num_samples:
            return None
        pcm = chunk.pcm[num_known * BYTES_PER_SAMPLE :]
        fresh = AudioChunk(pcm, start + num_known, marks, tuple(self._new_cues(chunk)))
        self._num_given = fresh.start_sample + fresh.num_samples
        return fresh

    def _new_marks(self, chunk: AudioChunk) -> Iterator[SegmentMark]:
        for mark in chunk.marks:
            if mark.segment == self._marks[-1].segment:
                self._codes = mark.codes or self._codes
            elif mark.segment > self._marks[-1].segment:
                self._codes = mark.codes
                start, num_dropped = mark.start_sample, mark.num_dropped
                yield SegmentMark(mark.segment, self._base + start, self._num_dropped_before + num_dropped)

    def _new_cues(self, chunk: AudioChunk) -> Iterator[Cue]:
        """Yield what is said of samples that were not given yet, which is then new as well."""
        for cue in chunk.cues:
            if self._base + cue.start_sample >= self._num_given:
                yield dataclasses.replace(cue, start_sample=self._base + cue.start_sample)

    async def _move(self, error: PolyvoxError) -> None:
        """Go on with another replica, from the segment that was being given."""
        self._speech.close()
        await self._suspect.enter()
        place = bisect.bisect_right(self._marks, self._num_given, key=lambda mark: mark.start_sample) - 1
        mark = self._marks[place]
        logger.warning(
            "request %s goes on elsewhere from sample %d: %s",
            self._request.request_id,
            self._num_given,
            error.message,
        )
        request = dataclasses.replace(self._request, first_segment=mark.segment)
        give_up_at = time.monotonic() + PATIENCE_S
        fingerprint = self._speech.fingerprint
        self._speech = await _open_elsewhere(
            self._open_for_return(mark), request, error, give_up_at, self._on_move, fingerprint
        )
        if self._is_closed:
            self._speech.close()
        self._base, self._num_dropped_before = mark.start_sample, mark.num_dropped
        self.acknowledge(self._num_delivered)


async def _open_elsewhere(
    open_once: Open,
    request: SynthesisRequest,
    error: PolyvoxError,
    give_up_at: float,
    on_move: OnMove,
    fingerprint: str | None = None,
) -> Speech:
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
) -> Speech:
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
