"""What the readings of English share: a normalised text, token by token."""

from __future__ import annotations

import functools
import re
from abc import ABC, abstractmethod

from tts_core.frontend.english.spelling import LetterToSound
from tts_core.frontend.protocol import Pronunciation

_CACHED_WORDS = 1 << 16
_MIN_PHONES = 4


class TokenReader(ABC):
    """Reads words, which it remembers, and marks.

    Args:
        token: what a word or a mark is.
    """

    def __init__(self, token: re.Pattern[str]) -> None:
        self._token = token
        self._word_phones = functools.lru_cache(_CACHED_WORDS)(self._look_up)

    @functools.cached_property
    def _letter_to_sound(self) -> LetterToSound:
        return LetterToSound()

    def pronounce(self, text: str) -> Pronunciation:
        normalised, num_dropped = self._normalise(text)
        tokens = self._token.findall(normalised)
        lowered = [token.lower() for token in tokens]
        phones: list[str] = []
        for index, token in enumerate(tokens):
            if lowered[index][0].isalpha():
                phones.extend(self._said(token, lowered, index))
            else:
                phones.append("-" if token == "'" else token)
        if phones and len(phones) < _MIN_PHONES:
            phones.insert(0, ",")  # too short a beginning is swallowed
        return Pronunciation(normalised, tuple(phones), num_dropped=num_dropped)

    @abstractmethod
    def _normalise(self, text: str) -> tuple[str, int]:
        """Return the text as it is read, and the number of letters and digits that were left out."""

    @abstractmethod
    def _said(self, token: str, lowered: list[str], index: int) -> tuple[str, ...]:
        """Return the phones of a token that is a word, among all tokens in lower case."""

    @abstractmethod
    def _look_up(self, word: str) -> tuple[str, ...]:
        """Return the phones of a word by itself."""
