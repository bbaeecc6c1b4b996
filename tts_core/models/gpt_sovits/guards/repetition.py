"""Hears tokens that come again at a constant distance: one token held, a short cycle, or a whole phrase."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MAX_DISTANCE = 200
"""How far back is listened for: phrases of 8 s."""

NEAR = 12
NEAR_MISMATCH, FAR_MISMATCH = 1.0, 0.5
"""What a token that differs takes off, up to half a second back and beyond: a distance comes to nothing
unless a half, or a third, of its tokens match. Of neighbours a fifth do when someone sings, and more when a
vowel is drawn out; further back a few in a hundred do, unless the same is said again."""


@dataclass
class _Echo:
    """What has come again at one distance.

    Attributes:
        score: matches, less what mismatches between them took off.
        start: where it began, if it is a loop.
        end: the token after its last match.
    """

    score: float
    start: int
    end: int


class Repetition:
    """Takes tokens one by one. What one costs is in proportion to how often it occurred lately.

    Args:
        most: matches at one distance, less what mismatches take off, that make a loop.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._num_tokens = 0
        self._places: dict[int, deque[int]] = {}
        self._echoes: dict[int, _Echo] = {}

    def add(self, token: int) -> int | None:
        """Take a token in. Once it makes a loop, return its first token that had been said before."""
        here = self._num_tokens
        self._num_tokens += 1
        places = self._places.get(token)
        if places is None:
            places = self._places[token] = deque()
        while places and here - places[0] > MAX_DISTANCE:
            places.popleft()
        loops = [echo for place in places if (echo := self._match(here - place, here)).score >= self._most]
        places.append(here)
        return min((echo.start for echo in loops), default=None)

    def _match(self, distance: int, here: int) -> _Echo:
        """Note that a token equals the one so far back. What lies between matches is only counted now."""
        echo = self._echoes.setdefault(distance, _Echo(0.0, here, here))
        mismatch = NEAR_MISMATCH if distance <= NEAR else FAR_MISMATCH
        left = max(echo.score - mismatch * (here - echo.end), 0.0)
        if left <= self._most / 4:
            # Chance matches before it are no part of a loop, but may have left a little.
            echo.start = here - int(left)
        echo.score, echo.end = left + 1.0, here + 1
        return echo
