"""How many tokens a text may take to say. Generous: what is outside is not slow or fast, but wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tts_core.frontend.symbols import PUNCTUATION

TOKENS_PER_S = 25.0
FASTEST, USUAL, SLOWEST = 25.0, 12.0, 4.0
"""Phones a second. The reference trains on nothing beyond 25, and on nothing below 3 with pauses counted in;
people speak 8 to 16, and 6 to 22 is what large recordings hold."""

LONGEST_PAUSE_S, USUAL_PAUSE_S = 1.0, 0.3
"""How long a mark of punctuation may be, and usually is."""

SLACK_S = 1.0
"""What may come before the first phone and after the last one: all that matters for very short texts."""

REPEATED_TOKENS = 40
"""How many tokens may come again at one distance though nothing in the text does: a held vowel, a pause.
A singer's vibrato, in codes of the reference's training data, came to 8; 1.6 s is far beyond that."""

_PAUSES = frozenset((*PUNCTUATION, "SP", "SP2", "SP3", "停"))
_SILENT = _PAUSES | {"_", "空", "[", "]"}


@dataclass(frozen=True)
class Expectation:
    """What a segment's tokens are held to.

    Attributes:
        least: fewer are too few to hold its words.
        most: so many without an end are a runaway.
        usual: how many it would have at an ordinary pace.
        most_repeated: so many that repeat what was said are a loop.
    """

    least: int
    most: int
    usual: float
    most_repeated: int

    @classmethod
    def of(cls, phones: Sequence[str]) -> Expectation:
        """Return what is expected of a text's phones, as symbols."""
        num_spoken = sum(phone not in _SILENT for phone in phones)
        num_pauses = sum(phone in _PAUSES for phone in phones)
        longest_s = num_spoken / SLOWEST + num_pauses * LONGEST_PAUSE_S + SLACK_S
        usual_s = num_spoken / USUAL + num_pauses * USUAL_PAUSE_S
        # What the text says again may be said again, however slowly.
        again_s = longest_repeat(phones) / SLOWEST
        return cls(
            least=math.ceil(num_spoken / FASTEST * TOKENS_PER_S),
            most=math.ceil(longest_s * TOKENS_PER_S),
            usual=usual_s * TOKENS_PER_S,
            most_repeated=REPEATED_TOKENS + math.ceil(again_s * TOKENS_PER_S),
        )


def longest_repeat(items: Sequence[str]) -> int:
    """Return the length of the longest stretch that occurs twice; the two may overlap.

    Whatever begins two stretches begins two suffixes, and those are neighbours once all are sorted.
    """
    characters = {item: chr(number) for number, item in enumerate(dict.fromkeys(items))}
    text = "".join(characters[item] for item in items)
    suffixes = sorted(text[start:] for start in range(len(text)))
    return max((_common(one, other) for one, other in pairwise(suffixes)), default=0)


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))
