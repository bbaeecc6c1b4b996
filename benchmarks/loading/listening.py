"""Listeners who go on for as long as it takes, and what they got between two moments."""

from __future__ import annotations

import asyncio
import itertools
import time
from bisect import bisect_left
from dataclasses import dataclass, field

from tts_core.engine.stream import SpeechStream

_LOOK_S = 0.01


@dataclass(frozen=True)
class Window:
    """What listeners got between two moments. Of several, each figure is the worst one's, but for the pace.

    Attributes:
        gap_s: the longest time without a chunk.
        lowest_s: the least audio that a listener had in hand, played since their first chunk.
        fell_by_s: how far the audio in hand fell below what it was when the window began.
        pace: audio that came, by time, all together.
    """

    gap_s: float
    lowest_s: float
    fell_by_s: float
    pace: float

    @classmethod
    def of_all(cls, windows: list[Window]) -> Window:
        return cls(
            max(one.gap_s for one in windows),
            min(one.lowest_s for one in windows),
            max(one.fell_by_s for one in windows),
            sum(one.pace for one in windows),
        )


@dataclass
class Listener:
    """Takes a stream's audio as it comes, plays it from the first chunk on, and notes when it came.

    Attributes:
        has_heard: set with the first chunk.
        arrivals: seconds of the clock, and audio so far, of each chunk.
    """

    stream: SpeechStream
    has_heard: asyncio.Event = field(default_factory=asyncio.Event)
    arrivals: list[tuple[float, float]] = field(default_factory=list)

    async def listen(self) -> None:
        """Listen to the end."""
        playing = asyncio.create_task(self._play())
        received = 0
        try:
            async for chunk in self.stream:
                received += chunk.num_samples
                self.arrivals.append((time.perf_counter(), received / self.stream.sample_rate_hz))
                self.has_heard.set()
        finally:
            playing.cancel()

    async def _play(self) -> None:
        """Tell the engine what was played, so that it runs no further ahead than it does for others."""
        await self.has_heard.wait()
        while True:
            now, received_s = time.perf_counter(), self.arrivals[-1][1]
            played_s = min(received_s, now - self.arrivals[0][0])
            self.stream.acknowledge(int(played_s * self.stream.sample_rate_hz))
            await asyncio.sleep(_LOOK_S)

    def window(self, begin: float, end: float) -> Window:
        """Return what came from `begin` to `end`, after the first chunk."""
        first = bisect_left(self.arrivals, (begin, 0.0))
        last = bisect_left(self.arrivals, (end, 0.0))
        moments = [begin, *(at for at, _ in self.arrivals[first:last]), end]
        started_at = self.arrivals[0][0]
        # In hand just before each moment: what had come, less what was played.
        heard = [self.arrivals[max(0, first - 1 + index)][1] for index in (0, *range(len(moments) - 1))]
        in_hand = [audio_s - (at - started_at) for audio_s, at in zip(heard, moments, strict=True)]
        came_s = self.arrivals[last - 1][1] - self.arrivals[first - 1][1]
        return Window(
            gap_s=max(later - earlier for earlier, later in itertools.pairwise(moments)),
            lowest_s=min(in_hand),
            fell_by_s=in_hand[0] - min(in_hand),
            pace=came_s / (end - begin),
        )


class LoopWatch:
    """Looks how long the event loop lets what is due wait: health checks and credit are among it."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            due_at = time.perf_counter() + _LOOK_S
            await asyncio.sleep(_LOOK_S)
            self.longest_s = max(self.longest_s, time.perf_counter() - due_at)
