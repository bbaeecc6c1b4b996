"""Words laid out over the audio in which they are spoken, without knowing more than how long words take.

1.  Silence at both ends is left out. Silences of 50 ms and more within are candidates for pauses; the rest
    of them are the closures of stops.
2.  Each candidate is either a pause between two words or no pause. Of all ways to decide, in order, the
    cheapest is taken (dynamic programming). A way costs: how far the time between two pauses is from what its
    words typically take at this speech's own rate, squared, over a variance that grows with that time, as if
    words were early or late independently; a pause where the text has no mark; a mark without a pause;
    a silence that is no pause, the longer the more.
3.  Between two pauses, words take time in proportion to what they typically take, the last one some more.

So spans are in order, never overlap and never leave the audio.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tts_core.timing.marks import Word
from tts_core.timing.silence import FRAME_S, Run, frame_samples, runs_of, silent_frames

_FRAME_MS = 1000 * FRAME_S
_LEAST_PAUSE_FRAMES = 5
_CERTAIN_PAUSE_FRAMES = 12
_MAX_PAUSES = 24

# By what follows a word: nothing, a space, the end of a clause, of a sentence.
_PAUSE_COST = np.array([5.0, 3.0, 0.0, 0.0])
_NO_PAUSE_COST = np.array([0.0, 0.0, 1.5, 3.0])
_NO_PAUSE_MS = 40.0
"""A silence that is no pause costs 1 for so much of its length."""
_WANDER_MS = 27.0
"""Variance of when a word begins, per millisecond since the last pause: words of 0.3 s, 30 % off."""
_LEAST_VARIANCE_MS2 = 900.0

_FINAL_MS = 100.0
"""How much longer the last word before a pause takes: speech slows down there."""
_CLAUSE = 2

Floats = NDArray[np.float64]


class Span(NamedTuple):
    """Samples of an audio, from `start` to before `end`."""

    start: int
    end: int


class _Anchor(NamedTuple):
    """A pause between two words: before `word`, from the frame `start` to `end`."""

    word: int
    start: float
    end: float


def estimate(words: Sequence[Word], pcm: bytes, rate_hz: int) -> list[Span]:
    """Return when each word is heard in the audio of all of them.

    Args:
        words: in the order in which they are spoken.
        pcm: mono 16-bit samples.
        rate_hz: of the samples.
    """
    if not words:
        return []
    silent = silent_frames(pcm, rate_hz)
    anchors = _anchors(words, silent)
    size, num_samples = frame_samples(rate_hz), len(pcm) // 2
    spans: list[Span] = []
    for left, right in pairwise(anchors):
        own = words[left.word : right.word]
        is_final = right.start < len(silent) or own[-1].gap >= _CLAUSE
        edges = _edges(own, left.end, right.start, is_final)
        samples = [min(int(edge * size), num_samples) for edge in edges]
        spans += [Span(start, end) for start, end in pairwise(samples)]
    return spans


def _edges(words: Sequence[Word], start: float, end: float, is_final: bool) -> Floats:
    """Return where words begin and the last one ends, each with time in proportion."""
    total = _cumulated(words, [False] * (len(words) - 1) + [is_final])
    edges: Floats = start + total * ((end - start) / total[-1])
    return edges


def _cumulated(words: Sequence[Word], is_final: Sequence[bool]) -> Floats:
    """Return the typical time up to each word, and of all; some of them precede a pause."""
    # No word is so short that it can't be pointed at.
    times = [
        max(word.typical_ms, 1.0) + _FINAL_MS * final for word, final in zip(words, is_final, strict=True)
    ]
    return np.concatenate(([0.0], np.cumsum(times)))


def _anchors(words: Sequence[Word], silent: NDArray[np.bool_]) -> list[_Anchor]:
    """Return the beginning, the pauses, and the end."""
    loud = np.flatnonzero(~silent)
    first, last = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(silent))
    begin, end = _Anchor(0, first, first), _Anchor(len(words), last, last)
    inner = [run for run in runs_of(silent) if run.start > first and run.end < last]
    candidates = [run for run in inner if run.size >= _LEAST_PAUSE_FRAMES]
    longest = sorted(candidates, key=lambda run: -run.size)[:_MAX_PAUSES]
    if len(words) < 2 or not longest:
        return [begin, end]
    pauses = _choose(words, sorted(longest), first, last)
    return [begin, *pauses, end]


def _choose(words: Sequence[Word], silences: list[Run], first: int, last: int) -> list[_Anchor]:
    """Return the cheapest way to have pauses at silences."""
    total = _cumulated(words, [word.gap >= _CLAUSE for word in words])
    gaps = np.array([word.gap for word in words])
    rate = _rate(total[-1], silences, first, last)
    skipped = np.concatenate(([0.0], np.cumsum([run.size * _FRAME_MS / _NO_PAUSE_MS for run in silences])))
    # Missing pauses at the marks between words, up to each boundary; the ends of the text aren't between.
    missed = np.concatenate(([0.0], np.cumsum(_NO_PAUSE_COST[gaps])))
    mark = np.concatenate(([0.0], _NO_PAUSE_COST[gaps[:-1]], [0.0]))
    expected = rate * (total[None, :] - total[:, None])  # from boundary (row) to boundary (column)
    between = missed[None, :] - mark[None, :] - missed[:, None]
    pause = np.concatenate(([np.inf], _PAUSE_COST[gaps[:-1]], [np.inf]))
    nodes = [Run(first, first), *silences, Run(last, last)]
    size = len(words)
    costs = [np.where(np.arange(size + 1) == 0, 0.0, np.inf)]
    came: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for index in range(1, len(nodes)):
        is_last = index == len(nodes) - 1
        own = np.where(np.arange(size + 1) == size, 0.0, np.inf) if is_last else pause
        best, before, boundary = _best(index, nodes, costs, skipped, expected, between)
        costs.append(best + own)
        came.append((before, boundary))
    return _way_back(nodes, came, size)


def _best(
    index: int, nodes: list[Run], costs: list[Floats], skipped: Floats, expected: Floats, between: Floats
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Return for each boundary the least cost of having a pause there, at the node, and what precedes it."""
    size = expected.shape[0]
    best = np.full(size, np.inf)
    before, boundary = np.zeros(size, np.int64), np.zeros(size, np.int64)
    variance = _LEAST_VARIANCE_MS2 + _WANDER_MS * np.maximum(expected, 0)
    forward = expected > 0
    for earlier in range(index):
        took = (nodes[index].start - nodes[earlier].end) * _FRAME_MS
        cost = (took - expected) ** 2 / (2 * variance) + between + costs[earlier][:, None]
        cost = np.where(forward, cost, np.inf) + skipped[index - 1] - skipped[earlier]
        rows = cost.argmin(axis=0)
        least = cost[rows, np.arange(size)]
        better = least < best
        best = np.where(better, least, best)
        before, boundary = np.where(better, earlier, before), np.where(better, rows, boundary)
    return best, before, boundary


def _way_back(
    nodes: list[Run], came: list[tuple[NDArray[np.int64], NDArray[np.int64]]], word: int
) -> list[_Anchor]:
    pauses: list[_Anchor] = []
    index = len(nodes) - 1
    while True:
        before, boundary = came[index - 1]
        index, word = int(before[word]), int(boundary[word])
        if index == 0:
            return pauses[::-1]
        pauses.append(_Anchor(word, nodes[index].start, nodes[index].end))


def _rate(typical_ms: float, silences: list[Run], first: int, last: int) -> float:
    """Return how much time this speech takes for a millisecond of the typical one, pauses left out."""
    pauses = sum(run.size for run in silences if run.size >= _CERTAIN_PAUSE_FRAMES)
    spoken = max(last - first - pauses, 1)
    return float(spoken * _FRAME_MS / typical_ms)
