"""One listener's audio on its way out of an engine: a bounded buffer between producer and consumer.

The producer may run a bounded lead ahead of what the listener has been *delivered*, wherever the rest is held
up: here, in transport, or in a socket's buffer. What is delivered is told by whoever writes to the listener
(`acknowledge`), so a stalled listener stops its own producer and nobody else's.
"""

from __future__ import annotations

import asyncio
import enum
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tts_core.engine.chunks import BYTES_PER_SAMPLE, AudioChunk, SegmentMark
from tts_core.errors import PolyvoxError
from tts_core.request import Returning
from tts_core.timeline import Timeline
from tts_core.timing.marks import Cue

_Mark = TypeVar("_Mark", bound="SegmentMark | Cue")


@dataclass(frozen=True)
class StreamLimits:
    """How far a producer runs ahead, and how chunks grow.

    Attributes:
        lead_s: most audio produced beyond what was delivered. One write may overshoot it.
        first_chunk_s: audio in the first chunk; small, because the listener waits for it.
        max_chunk_s: audio in later chunks, reached by doubling; large, because each chunk costs a hand-over.
    """

    lead_s: float = 10.0
    first_chunk_s: float = 0.08
    max_chunk_s: float = 1.0


# How long a listener waits for the first sound before it counts as late: sets a newcomer's deadline.
PATIENCE_S = 0.2
# To make larger chunks, audio may be held for this share of the listener's headroom, and this long at most.
HOLD_SHARE = 0.25
MAX_HOLD_S = 0.5


class StreamState(enum.Enum):
    """Where a stream is in its life. Every state but OPEN is final for the producer."""

    OPEN = enum.auto()
    FINISHED = enum.auto()
    FAILED = enum.auto()
    CANCELLED = enum.auto()


class SpeechStream:
    """Single producer, single consumer, one event loop.

    Producer: `write` while `has_room` (or `await wait_for_room()`), then `finish` or `fail` once.
    Consumer: `async for chunk in stream`, `acknowledge` as audio reaches the listener, `cancel` to leave.

    Attributes:
        fingerprint: names everything but the request that the audio depends on: weights, voice, options, kind
            of machine. The same request under the same fingerprint gives the same bytes; `sound_alike` tells
            what differs by no more than machines do. Set by the engine; "" where it can't tell.
        opened_at: when it was made, by the loop's clock.

    Args:
        sample_rate_hz: rate of the mono PCM that is written.
        limits: lead and chunk sizes.
        on_close: called once, when the producer has nothing more to do, whatever the reason.
        on_room: called whenever more was delivered, for a producer that looks at `num_delivered` itself.
        returning: what the listener has of this audio; None for a newcomer.
    """

    def __init__(
        self,
        sample_rate_hz: int,
        limits: StreamLimits,
        on_close: Callable[[SpeechStream], None] | None = None,
        on_room: Callable[[], None] | None = None,
        returning: Returning | None = None,
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.state = StreamState.OPEN
        self.timeline = Timeline()
        self.fingerprint = ""
        self.num_dropped = 0  # letters and digits that the producer can't speak, in segments begun so far
        self._max_lead = int(limits.lead_s * sample_rate_hz)
        self._max_chunk = max(1, int(limits.max_chunk_s * sample_rate_hz))
        self._chunk_target = min(max(1, int(limits.first_chunk_s * sample_rate_hz)), self._max_chunk)
        self._on_close = on_close
        self._on_room = on_room
        self._buffer = bytearray()
        self._marks: deque[SegmentMark] = deque()
        self._cues: deque[Cue] = deque()
        self._loop = asyncio.get_running_loop()
        self.opened_at = self._loop.time()
        self._playing_since: float | None = None
        self._num_known = 0
        if returning is not None:
            self._playing_since = self.opened_at + returning.in_hand_s
            self._num_known = returning.num_known
        self._hold: asyncio.TimerHandle | None = None
        self._held_enough = False
        self._full_since: float | None = None
        self._num_taken = 0
        self._num_skipped = 0
        self._num_told = 0
        self._error: PolyvoxError | None = None
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._refresh()

    @property
    def num_written(self) -> int:
        """Samples so far, with those that were left out: the position of what comes next."""
        return self._num_taken + self._num_buffered

    @property
    def num_made(self) -> int:
        """The same without those that were left out: what it took work to produce."""
        return self.num_written - self._num_skipped

    @property
    def num_delivered(self) -> int:
        """Samples that the listener is known to have been sent."""
        return min(self._num_told, self._num_taken)

    @property
    def has_room(self) -> bool:
        """Whether the producer is within its lead."""
        return self.num_written - self.num_delivered < self._max_lead

    @property
    def full_for_s(self) -> float:
        """For how many seconds there has been no room; 0 while there is some."""
        return 0.0 if self._full_since is None else max(0.0, self._loop.time() - self._full_since)

    @property
    def closed(self) -> bool:
        """Whether the producer has nothing more to do."""
        return self.state is not StreamState.OPEN

    @property
    def deadline(self) -> float:
        """When, by the loop's clock, a real-time listener runs out of what was produced, or of patience.

        The listener is taken to play from the moment the first chunk was handed out. Whoever ran dry goes on
        when there is more: else those who are late would be served before those who just came, for ever.
        Who returns is playing already, and what is made of what they know gives them no time.
        """
        if self._playing_since is None:
            return self.opened_at + PATIENCE_S
        return self._playing_since + self._fresh_s(self.num_written)

    # The producer's side

    def write(self, pcm: bytes) -> None:
        """Append samples. Ignored once the stream is closed."""
        if not self.closed:
            if self.timeline.heard_s is None:
                self.timeline.heard_s = time.monotonic()
            self._resume_playing()
            self._buffer += pcm
            self._refresh()

    def skip(self, num_samples: int) -> None:
        """Leave out samples that the listener has: what comes next is after them. Nothing may wait yet."""
        if self._buffer:
            raise RuntimeError("samples can't be left out behind others that wait")
        if not self.closed:
            self._num_taken += num_samples
            self._num_skipped += num_samples
            self._tell_room()

    def mark(self, segment: int, num_dropped: int = 0, codes: tuple[int, ...] = ()) -> None:
        """Say that what is written next begins a segment that can be spoken without those before it.

        Args:
            segment: which one.
            num_dropped: letters and digits of its text that are left out.
            codes: its tokens, if they are complete.
        """
        self._marks.append(SegmentMark(segment, self.num_written, self.num_dropped, codes))
        self.num_dropped += num_dropped

    def cue(self, cue: Cue) -> None:
        """Say something of the words in samples that aren't written yet, in order of their positions."""
        self._cues.append(cue)

    async def wait_for_room(self) -> None:
        """Return when there is room to write, or nothing more to write."""
        await self._writable.wait()

    def finish(self) -> None:
        """Say that the audio is complete."""
        self._close(StreamState.FINISHED)

    def fail(self, error: PolyvoxError) -> None:
        """Say that the audio can't be completed. What was written is handed out first, then the error."""
        if not self.closed:
            self._error = error
        self._close(StreamState.FAILED)

    # The consumer's side

    def __aiter__(self) -> SpeechStream:
        return self

    async def __anext__(self) -> AudioChunk:
        """Return the next chunk.

        Raises:
            PolyvoxError: what `fail` was given, after everything written before it.
        """
        await self._readable.wait()
        if self._buffer:
            return self._take()
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    def acknowledge(self, num_delivered: int) -> None:
        """Note how many samples the listener has been sent in all. Late or repeated notes are harmless."""
        self._num_told = max(self._num_told, num_delivered)
        self._tell_room()

    def cancel(self) -> None:
        """Leave. The producer is told at once, and what is buffered is dropped."""
        self._buffer.clear()
        self._close(StreamState.CANCELLED)
        self._refresh()

    # Inside

    @property
    def _num_buffered(self) -> int:
        return len(self._buffer) // BYTES_PER_SAMPLE

    def _tell_room(self) -> None:
        self._refresh()
        if self._on_room is not None and not self.closed:
            self._on_room()

    def _fresh_s(self, num_samples: int) -> float:
        """Return how long so many samples play, less those that the listener had before."""
        return max(0, num_samples - self._num_known) / self.sample_rate_hz

    def _resume_playing(self) -> None:
        """Note how long a listener who ran dry has waited for what is about to be written."""
        if self._playing_since is not None and self.num_written >= self._num_known:
            self._playing_since += max(0.0, self._loop.time() - self.deadline)

    def _take(self) -> AudioChunk:
        if self._playing_since is None:
            self._playing_since = self._loop.time()
        size = min(self._num_buffered, self._max_chunk) * BYTES_PER_SAMPLE
        end = self._num_taken + size // BYTES_PER_SAMPLE
        marks, cues = tuple(_before(end, self._marks)), tuple(_before(end, self._cues))
        chunk = AudioChunk(bytes(self._buffer[:size]), self._num_taken, marks, cues)
        del self._buffer[:size]
        self._num_taken += chunk.num_samples
        self._chunk_target = min(self._chunk_target * 2, self._max_chunk)
        self._held_enough = False
        self._refresh()
        return chunk

    def _refresh(self) -> None:
        """Derive who may go on from the state, so that no order of calls can leave both sides waiting."""
        paused = not self.has_room
        if paused != (self._full_since is not None):
            self._full_since = self._loop.time() if paused else None
        enough = self._num_buffered >= self._chunk_target
        rest_is_due = self._num_buffered > 0 and (paused or self._held_enough)
        _assign(self._readable, self.closed or enough or rest_is_due)
        self._bound_hold()
        _assign(self._writable, self.closed or not paused)

    def _bound_hold(self) -> None:
        """See to it that a rest too small for a chunk is handed out before the listener runs dry."""
        if self._playing_since is None or self._hold is not None:
            return
        if not self._buffer or self._readable.is_set():
            return
        headroom_s = self._playing_since + self._fresh_s(self._num_taken) - self._loop.time()
        hold_s = min(max(0.0, headroom_s * HOLD_SHARE), MAX_HOLD_S)
        self._hold = self._loop.call_later(hold_s, self._end_hold)

    def _end_hold(self) -> None:
        self._hold = None
        self._held_enough = True
        self._refresh()

    def _close(self, state: StreamState) -> None:
        if self.closed:
            return
        self.state = state
        self._refresh()
        if self._hold is not None:
            self._hold.cancel()
        if self._on_close is not None:
            self._on_close(self)


def _before(end: int, marks: deque[_Mark]) -> Iterator[_Mark]:
    """Take those that stand before a sample."""
    while marks and marks[0].start_sample < end:
        yield marks.popleft()


def _assign(event: asyncio.Event, value: bool) -> None:
    if value:
        event.set()
    else:
        event.clear()
