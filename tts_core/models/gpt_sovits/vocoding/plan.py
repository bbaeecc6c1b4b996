"""What a segment is shaped from and which windows it is generated in. Pure arithmetic, no tensors.

Bytes depend on it, so it depends on the request alone: never on how many tokens there were when someone
looked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tts_core.models.gpt_sovits.sovits import num_frames

WINDOW_FRAMES = (16, 32, 64, 128)
"""All sizes of window, 50 frames a second. The first ones of a request are small, since a listener waits."""

EARLY_FRAMES = (16, 32, 64, 128)
"""Sizes of the windows that begin a request in low-latency mode. Each needs tokens that come while the ones
before it are heard: doubling, 55 tokens a second are enough. Growing more slowly needs fewer, but every
window costs latents of all that precedes it: eight listeners on two cores paid a fifth of their audio."""

FADE_FRAMES = 2
"""How long two versions of the same frames are blended where latents are replaced by better ones."""

UNSETTLED_FRAMES = 8
"""How far from a prefix' end its audio isn't used. Beyond 6 to 8 frames, the distance to the whole segment's
audio doesn't fall any more with full-size weights; what is left comes from attention over the whole."""

_FRAMES_PER_CODE = num_frames(1)


@dataclass(frozen=True)
class Span:
    """Where a window lies: `size` frames from `start`, of which the first `num_frames` exist.

    The last `num_kept` of them are not heard yet, but blended into the beginning of the next span.
    """

    start: int
    size: int
    num_frames: int
    num_kept: int = 0


class SegmentPlan:
    """The windows of one segment, in order: early ones from prefixes of its tokens, then the rest.

    The windows of a request's first segment grow; those of others are of the largest size at once. In
    low-latency mode each of them is generated as soon as the tokens suffice; otherwise all belong to the
    rest.
    """

    def __init__(self, speed: float, *, is_first: bool, low_latency: bool) -> None:
        self._speed, self._low_latency = speed, low_latency
        growing = EARLY_FRAMES if low_latency else WINDOW_FRAMES
        self._sizes: Sequence[int] = growing if is_first else WINDOW_FRAMES[-1:]
        self._start = 0

    @property
    def has_begun(self) -> bool:
        """Whether there was an early window."""
        return self._start > 0

    def has_early(self, num_codes: int) -> bool:
        """Return whether so many tokens suffice for one more early window."""
        return self._low_latency and num_codes >= self.next_cut

    @property
    def next_cut(self) -> int:
        """The number of tokens that the next early window is made from, exactly.

        The first frames that it leaves to the next one must be as far from the end as is settled: counted
        both in frames as they are heard and before they are stretched, since either may reach further.
        """
        unsettled = math.ceil(UNSETTLED_FRAMES * max(1.0, 1 / self._speed))
        frames = self._start + self._sizes[0] - FADE_FRAMES + unsettled
        return math.ceil(frames * self._speed / _FRAMES_PER_CODE)

    def take_early(self) -> Span:
        """Return the next early window: all of its frames exist, and its last ones are kept."""
        size = self._sizes[0]
        span = Span(self._start, size, size, FADE_FRAMES)
        self._start += size - FADE_FRAMES
        self._sizes = self._sizes[1:] or self._sizes
        return span

    def take_rest(self, num_frames: int) -> list[Span]:
        """Return the windows up to the end of a whole segment of so many frames."""
        return list(plan_windows(self._start, num_frames, self._sizes))


def num_given(num_codes: int, speed: float, *, is_first: bool, low_latency: bool) -> int:
    """Return how many of a segment's first `num_codes` tokens are in audio that may have left already.

    Those of the early windows that were due before the last of the tokens came; arguments as `SegmentPlan`.
    """
    plan = SegmentPlan(speed, is_first=is_first, low_latency=low_latency)
    given = 0
    while plan.has_early(num_codes - 1):
        given = plan.next_cut
        plan.take_early()
    return given


def plan_windows(start: int, end: int, sizes: Sequence[int]) -> Iterator[Span]:
    """Yield windows that cover frames `start` to `end`: of `sizes` in order, the last of them repeated.

    The last window is of the smallest size that suffices, but never larger than its turn.
    """
    while start < end:
        rest = end - start
        size = next((size for size in WINDOW_FRAMES if rest <= size < sizes[0]), sizes[0])
        yield Span(start, size, min(size, rest))
        start, sizes = start + size, sizes[1:] or sizes
