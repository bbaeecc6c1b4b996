"""What a language's front end is: one method, from text to phones."""

from __future__ import annotations

import dataclasses
import re
from typing import Literal, Protocol, get_args, runtime_checkable

Readings = Literal["natural", "reference"]
"""How a text is read: as people would, or as GPT-SoVITS's own front end does, slips included."""
READINGS: tuple[Readings, ...] = get_args(Readings)


@dataclasses.dataclass(frozen=True)
class Pronunciation:
    """One language's reading of a piece of text.

    Attributes:
        text: the normalised text, as it is read (numbers in words, punctuation of the symbol table).
        phones: symbols of the table, in order.
        word2ph: the number of phones of each character of `text`, so that a BERT feature per character can be
            repeated for its phones; None where the language has no BERT features. Sums to `len(phones)`.
        num_dropped: letters and digits of the input that the language can't speak and that were left out.
            Emoji and other pictures are neither.
    """

    text: str
    phones: tuple[str, ...]
    word2ph: tuple[int, ...] | None = None
    num_dropped: int = 0


class FrontEnd(Protocol):
    """A language. Loaded once per process, called from any thread, never raises on any text."""

    def pronounce(self, text: str) -> Pronunciation:
        """Return the phones of `text`; none where it holds nothing to say."""
        ...


@runtime_checkable
class ReadsLatin(Protocol):
    """A front end that reads some Latin letters itself, which otherwise are English wherever they stand.

    Attributes:
        latin: what it reads, from the first such letter on; it may look at the digits around.
    """

    latin: re.Pattern[str]
