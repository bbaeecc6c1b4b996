"""One segment's takes: when to end one, and whether to say it again, or which part of which one to keep."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tts_core.models.gpt_sovits.guards.expectation import Expectation
from tts_core.models.gpt_sovits.guards.repetition import Repetition
from tts_core.sampling_params import MIN_TOKENS

MAX_RETRIES = 2
"""How often a segment is said again. Of sentences of which one in a hundred goes wrong by chance, one in a
million does three times; what a voice or a text can't do doesn't get better by trying."""


class Flaw(enum.Enum):
    """What can be wrong with a take."""

    LOST = "lost"  # it ended before its words could have been said
    LOOP = "loop"  # it said the same again and again
    RUNAWAY = "runaway"  # it didn't end


@dataclass(frozen=True)
class Verdict:
    """What becomes of a take that has ended.

    Attributes:
        take: which one it was, from 0.
        num_tokens: how many tokens it had.
        flaw: what is wrong with it, or None.
        codes: the tokens to speak, not necessarily of this take; None: the segment is said once more.
    """

    take: int
    num_tokens: int
    flaw: Flaw | None
    codes: list[int] | None


class Takes:
    """Listens to a segment's tokens. Give each to `watch`, and the whole take to `end`.

    A flawed take of which no audio can have left is dropped, and another one follows, with noise of its own.
    Once there were enough, the one of the usual length is spoken, as nearly as any, loops cut off where
    they begin; of equals the earliest. A take of which audio may have left is spoken in any case: a loop is
    cut off where it begins, or where the audio that may have left ends.

    Args:
        expectation: what the segment is held to.
        num_given: from the number of a take's tokens, how many of them are in audio that may have left. It
            must say so from the request alone, whatever really has.

    Attributes:
        take: which take is being listened to, from 0.
    """

    def __init__(self, expectation: Expectation, num_given: Callable[[int], int]) -> None:
        self._expectation, self._num_given = expectation, num_given
        self._flawed: list[list[int]] = []
        self._loop_start: int | None = None
        self.take = 0
        self._begin()

    def watch(self, token: int) -> bool:
        """Take a token in. Returns whether the take is to end here, without another one."""
        self._num_tokens += 1
        self._loop_start = self._repetition.add(token)
        return self._loop_start is not None or self._num_tokens >= self._expectation.most

    def end(self, codes: Sequence[int], *, is_complete: bool) -> Verdict:
        """Decide what becomes of a take.

        Args:
            codes: all of its tokens.
            is_complete: whether it came to an end by itself.
        """
        take, count, flaw = self.take, len(codes), self._flaw(is_complete)
        num_given = self._num_given(count)
        kept = list(codes) if self._loop_start is None else self._without_loop(codes, num_given)
        if flaw is None or num_given:
            return Verdict(take, count, flaw, kept)
        self._flawed.append(kept)
        if take == MAX_RETRIES:
            return Verdict(take, count, flaw, min(self._flawed, key=self._distance))
        self.take += 1
        self._begin()
        return Verdict(take, count, flaw, None)

    def _begin(self) -> None:
        self._repetition = Repetition(self._expectation.most_repeated)
        self._num_tokens, self._loop_start = 0, None

    def _flaw(self, is_complete: bool) -> Flaw | None:
        if self._loop_start is not None:
            return Flaw.LOOP
        if not is_complete:
            return Flaw.RUNAWAY
        return Flaw.LOST if self._num_tokens < self._expectation.least else None

    def _without_loop(self, codes: Sequence[int], num_given: int) -> list[int]:
        assert self._loop_start is not None
        return list(codes[: max(self._loop_start, num_given, MIN_TOKENS)])

    def _distance(self, codes: Sequence[int]) -> float:
        return abs(len(codes) - self._expectation.usual)
