"""English: a pronouncing dictionary, homographs by their neighbours, unknown words by their letters."""

from __future__ import annotations

import re

from tts_core.frontend.english.data import load_dictionary, load_homographs, with_s
from tts_core.frontend.english.heteronyms import choose, load_heteronyms
from tts_core.frontend.english.homographs import fits
from tts_core.frontend.english.normalise import normalise
from tts_core.frontend.english.tokens import TokenReader

# A word keeps the apostrophes and hyphens inside it.
_TOKEN = re.compile(r"[A-Za-z][A-Za-z'-]+[A-Za-z]|[A-Za-z]+|[.,?!'-]")
_SPELLED_LETTERS = 3
_MIN_PART_LETTERS = 4
_MAX_COMPOUND_LETTERS = 32


class FrontEnd(TokenReader):
    """English. Loading reads the dictionary, 0.2 s; the letter-to-sound weights wait for an unknown word."""

    def __init__(self) -> None:
        super().__init__(_TOKEN)
        self._dictionary = load_dictionary()
        self._homographs = load_homographs()
        self._heteronyms = load_heteronyms()

    def _normalise(self, text: str) -> tuple[str, int]:
        return normalise(text, self._dictionary)

    def _said(self, token: str, lowered: list[str], index: int) -> tuple[str, ...]:
        word = lowered[index]
        if token == "A":
            return ("EY1",)
        if word in self._heteronyms:
            return choose(self._heteronyms[word], lowered, index)
        if word in self._homographs:
            fitting, other, tag = self._homographs[word]
            return tuple((fitting if fits(lowered, index, tag) else other).split())
        return self._word_phones(word)

    def _look_up(self, word: str) -> tuple[str, ...]:
        if word in self._dictionary:
            return tuple(self._dictionary[word].split())
        if word.endswith("'s"):
            return with_s(self._word_phones(word[:-2]))
        parts = [part for part in re.split("['-]+", word) if part]
        if parts != [word]:
            return self._joined(parts)
        if word[-1] == "s" and len(word) > _SPELLED_LETTERS and word[:-1] in self._dictionary:
            return with_s(self._word_phones(word[:-1]))
        if len(word) <= _SPELLED_LETTERS:
            return tuple(phone for letter in word for phone in self._letter(letter))
        return self._joined(self._compound(word)) or tuple(self._letter_to_sound.phones(word))

    def _letter(self, letter: str) -> list[str]:
        return ["EY1"] if letter == "a" else self._dictionary[letter].split()

    def _joined(self, parts: list[str]) -> tuple[str, ...]:
        return tuple(phone for part in parts for phone in self._word_phones(part))

    def _compound(self, word: str) -> list[str]:
        """Return the two dictionary words that make up `word`, cut near its middle; or nothing."""
        if len(word) > _MAX_COMPOUND_LETTERS:
            return []
        cuts = range(_MIN_PART_LETTERS, len(word) - _MIN_PART_LETTERS + 1)
        for cut in sorted(cuts, key=lambda cut: abs(2 * cut - len(word))):
            if word[:cut] in self._dictionary and word[cut:] in self._dictionary:
                return [word[:cut], word[cut:]]
        return []
