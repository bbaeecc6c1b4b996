"""Which windows a segment is generated in. Bytes depend on them, so on nothing else may they."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

WINDOW_FRAMES = (16, 32, 64, 128)
"""All sizes of window, 50 frames a second. The first ones of a request are small, since a listener waits."""


@dataclass(frozen=True)
class Span:
    """Where a window lies: `size` frames from `start`, of which the first `num_frames` exist."""

    start: int
    size: int
    num_frames: int


def window_sizes(*, is_first: bool) -> Sequence[int]:
    """Return the sizes that a segment begins with; the last one is repeated for the rest.

    A request's first segment begins with the smallest and doubles it; others begin with the largest.
    """
    return WINDOW_FRAMES if is_first else WINDOW_FRAMES[-1:]


def plan_windows(start: int, end: int, sizes: Sequence[int]) -> Iterator[Span]:
    """Yield windows that cover frames `start` to `end`: of `sizes` in order, the last of them repeated.

    The last window is of the smallest size that suffices, but never larger than its turn.
    """
    for turn in chain(sizes, repeat(sizes[-1])):
        if start >= end:
            return
        rest = end - start
        size = next((size for size in WINDOW_FRAMES if rest <= size < turn), turn)
        yield Span(start, size, min(size, rest))
        start += size
