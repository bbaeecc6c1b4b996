"""What a language's front end is: one method, from text to phones."""

from __future__ import annotations

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True)
class Pronunciation:
    """One language's reading of a piece of text.

    Attributes:
        text: the normalised text, as it is read (numbers in words, punctuation of the symbol table).
        phones: symbols of the table, in order.
        word2ph: the number of phones of each character of `text`, so that a BERT feature per character can be
            repeated for its phones; None where the language has no BERT features. Sums to `len(phones)`.
        num_dropped: letters and digits of the input that the language can't speak and that were left out.
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
