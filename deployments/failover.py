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
from collections.abc import AsyncIterator, Callable, Iterator

import anyio

from deployments.elsewhere import (
    OPENING_S,
    PATIENCE_S,
    REPLICA_GONE,
    OnMove,
    Open,
    ReplicaSpeech,
    open_elsewhere,
    untold,
)
from deployments.pulse import InHand
from deployments.speech import Speech, SpeechAround
from deployments.spreading import Spread
from deployments.trials import Trials
from tts_core.engine.chunks import BYTES_PER_SAMPLE, AudioChunk, SegmentMark
from tts_core.errors import PolyvoxError, StreamInterrupted
from tts_core.request import Returning, SynthesisRequest
from tts_core.timing.marks import Cue

logger = logging.getLogger("ray.serve")

_URGENT_S = -60.0
"""What is said of those whom others wait for: hardly anybody else has been dry for so long."""


async def open_resilient(
    open_once: Open,
    request: SynthesisRequest,
    on_move: OnMove = untold,
    trials: Trials | None = None,
    spread: Spread | None = None,
) -> Speech:
    """Open speech, on another replica where the first one is gone.

    Args:
        open_once: asks the replicas once. Once there was audio, it needn't wait for more.
        request: what to speak.
        on_move: see there.
        trials, spread: of the other streams that the same replicas speak; None if there are no others.

    Raises:
        PolyvoxError: as `open_once`; that a replica is gone only when no other one could take over.
    """
    open_once = _under_new_ids(open_once)
    try:
        speech = await open_once(request)
    except REPLICA_GONE as error:
        # From now on: a replica that hangs has taken its second already.
        give_up_at = time.monotonic() + OPENING_S
        speech = await open_elsewhere(open_once, request, error, give_up_at, on_move)
    return ResilientSpeech(open_once, request, speech, on_move, trials, spread)


def _under_new_ids(open_once: Open) -> Open:
    """Return the same, with an id of its own for each asking: a replica that was left may not have noticed.

    They count on through all moves, since a stream may come back to such a replica.
    """
    attempts = itertools.count()

    async def open_anew(request: SynthesisRequest) -> ReplicaSpeech:
        if attempt := next(attempts):
            request = dataclasses.replace(request, request_id=f"{request.request_id}.{attempt}")
        return await open_once(request)

    return open_anew


class ResilientSpeech(SpeechAround):
    """A `Speech` over as many replicas as it takes, one after the other.

    Samples are counted from the request's beginning, wherever the present replica began.
    """

    _speech: ReplicaSpeech

    def __init__(
        self,
        open_once: Open,
        request: SynthesisRequest,
        speech: ReplicaSpeech,
        on_move: OnMove = untold,
        trials: Trials | None = None,
        spread: Spread | None = None,
    ) -> None:
        super().__init__(speech)
        self._spread = spread
        self._successor: tuple[ReplicaSpeech, SegmentMark] | None = None
        self._waiting = anyio.CancelScope()
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

    @property
    def replica(self) -> str:
        """Serve's unique id of the replica that speaks now, or is just about to."""
        return self._successor[0].replica if self._successor is not None else self._speech.replica

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """Yield the audio in order, each sample once.

        Raises:
            PolyvoxError: the request can't be spoken, no replica could take over, or it ends them all.
        """
        watching = self._spread.watching(self) if self._spread is not None else contextlib.nullcontext()
        is_whole = False
        try:
            with watching:
                while not is_whole:
                    async for chunk in self._chunks_of_one():
                        yield chunk
                    is_whole = not await self._has_gone_on()
        finally:
            self._is_closed = True
            self._suspect.leave()
            self._drop_successor()

    async def _chunks_of_one(self) -> AsyncIterator[AudioChunk]:
        """Yield what the present replica adds, and note why it went."""
        self._error = None
        try:
            chunks = self._speech.chunks()
            while (chunk := await self._next(chunks)) is not None:
                fresh = self._fresh(chunk)
                if fresh is not None:
                    self._suspect.acquit()
                    yield fresh
                else:  # heard before: said again, so that the replica doesn't wait for it
                    self.acknowledge(self._num_delivered)
        except REPLICA_GONE as error:
            self._error = error

    async def _next(self, chunks: AsyncIterator[AudioChunk]) -> AudioChunk | None:
        """Return the present replica's next chunk; None after the last, or when another is to go on."""
        if self._successor is None:
            with anyio.CancelScope() as self._waiting:
                return await anext(chunks, None)
        return None

    async def _has_gone_on(self) -> bool:
        """Go on with another replica where one is to, or has to. Returns whether that was so."""
        if self._successor is not None:  # it is as good for a replica that has just been lost
            present, (speech, mark) = self._speech, self._successor
            self._successor = None
            present.close()
            self._adopt(speech, mark)
            return True
        if self._error is not None:
            self._suspect.lose_replica()
            if self._suspect.is_convicted:
                raise self._error
            await self._move(self._error)
            return True
        if self._waiting.cancel_called:  # closed while it was to go on elsewhere: that is no end
            raise asyncio.CancelledError
        return False

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
        self._drop_successor()
        self._speech.close()

    def _open_for_return(self, mark: SegmentMark) -> Open:
        """Return what asks the replicas once, and says each time what the listener has by then."""
        num_known, codes = self._num_given - mark.start_sample, self._codes

        async def open_once(request: SynthesisRequest) -> ReplicaSpeech:
            # A trial that others wait for is to be short: it isn't put behind anyone, dry as they may be.
            is_urgent = self._suspect.is_held_back
            in_hand_s = _URGENT_S if is_urgent else self._in_hand.seconds(time.monotonic(), self._num_given)
            returning = Returning(num_known, in_hand_s, codes, may_skip=True)
            return await self._open_once(dataclasses.replace(request, returning=returning))

        return open_once

    def _fresh(self, chunk: AudioChunk) -> AudioChunk | None:
        """Return the part of a replica's chunk that was not given yet.

        Raises:
            StreamInterrupted: samples before it never came. Another replica is to give them.
        """
        start = self._base + chunk.start_sample
        if start > self._num_given:
            raise StreamInterrupted(f"a replica left out {start - self._num_given} samples", retry_after_s=1)
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

    # To another replica, because this one is gone

    async def _move(self, error: PolyvoxError) -> None:
        """Go on with another replica, from the segment that was being given."""
        self._speech.close()
        await self._suspect.enter()
        mark = self._present_mark()
        logger.warning(
            "request %s goes on elsewhere from sample %d: %s",
            self._request.request_id,
            self._num_given,
            error.message,
        )
        give_up_at = time.monotonic() + PATIENCE_S
        speech = await open_elsewhere(
            self._open_for_return(mark),
            self._rest_from(mark),
            error,
            give_up_at,
            self._on_move,
            self._speech.fingerprint,
        )
        self._adopt(speech, mark)

    def _present_mark(self) -> SegmentMark:
        place = bisect.bisect_right(self._marks, self._num_given, key=lambda mark: mark.start_sample) - 1
        return self._marks[place]

    def _rest_from(self, mark: SegmentMark) -> SynthesisRequest:
        return dataclasses.replace(self._request, first_segment=mark.segment)

    def _adopt(self, speech: ReplicaSpeech, mark: SegmentMark) -> None:
        """Have a replica go on that speaks from a segment's beginning."""
        self._speech = speech
        if self._is_closed:
            speech.close()
        self._base, self._num_dropped_before = mark.start_sample, mark.num_dropped
        self.acknowledge(self._num_delivered)

    # To another replica, because that one has fewer listeners (see `spreading.Movable`)

    def is_dry(self, now_s: float) -> bool:
        has_begun = self._num_delivered > 0
        is_moving = self._error is not None or self._suspect.is_on_trial
        may_move = has_begun and not is_moving and not self._is_closed
        return may_move and self._in_hand.seconds(now_s, self._num_given) <= 0

    async def move(self, is_better: Callable[[str], bool]) -> bool:
        present, mark = self._speech, self._present_mark()
        try:
            speech = await self._open_for_return(mark)(self._rest_from(mark))
        except PolyvoxError as error:
            logger.info("request %s stays where it is: %s", self._request.request_id, error.message)
            return False
        has_moved = self._speech is not present or self._error is not None or self._is_closed
        if has_moved or speech.fingerprint != present.fingerprint or not is_better(speech.replica):
            speech.close()
            return False
        logger.info("request %s moves to a replica with fewer listeners", self._request.request_id)
        self._successor = speech, mark
        self._waiting.cancel()
        return True

    def _drop_successor(self) -> None:
        """Forget a replica that was to go on, and isn't needed any more."""
        if self._successor is not None:
            self._successor[0].close()
            self._successor = None
