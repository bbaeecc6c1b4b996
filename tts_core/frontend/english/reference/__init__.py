"""English as the reference reads it, its slips included: for checkpoints whose owners want its very phones.

Few rules for numbers, none for signs, abbreviations and addresses. Words are looked up in the edition of the
dictionary that the reference has; unknown ones are parted into known ones, or guessed by their letters.

Not the same: parts of speech, which it asks a tagger for whose data has to be downloaded; its 20,000 names.
"""

from __future__ import annotations

import functools
import re

from tts_core.frontend.english.compounds import WordParter
from tts_core.frontend.english.data import (
    SPELLED,
    load_homographs,
    own_lines,
    package_file,
    read_dictionary,
    with_s,
)
from tts_core.frontend.english.homographs import fits
from tts_core.frontend.english.reference.normalise import normalise
from tts_core.frontend.english.tokens import TokenReader

# What looks like the name of a site is one word: the reference's words are those of tweets.
_TOKEN = re.compile(
    r"[A-Za-z]+(?:[.-][A-Za-z]+){0,126}\.[A-Za-z]{2,13}\b|[A-Za-z][A-Za-z'-]+[A-Za-z]|[A-Za-z]+|[.,?!'-]"
)
_POSSESSIVE = re.compile("[a-z]+'s")
_SPELLED_LETTERS = 3
# g2p_en's table says ADJ, which no tag of its tagger begins with; for one word the reference says JJ instead.
_NEVER_FITTING = "ADJ"
_COMPLEX = "complex"


def load_dictionary() -> dict[str, str]:
    """Return each word's pronunciation in the reference's edition of the dictionary."""
    words = read_dictionary()
    for line in own_lines("reference/words.txt"):
        word, _, phones = line.partition(" ")
        if phones:
            words[word] = phones
        else:
            words.pop(word, None)
    for word in SPELLED:
        words.pop(word, None)
    return words


class FrontEnd(TokenReader):
    """English as the reference reads it. Loading takes 0.2 s, the first unknown word 0.5 s more.

    Raises:
        MissingDependency: a package isn't installed.
    """

    def __init__(self) -> None:
        super().__init__(_TOKEN)
        self._dictionary = load_dictionary()
        self._homographs = load_homographs(corrected=False)
        package_file("wordsegment", "unigrams.txt")

    @functools.cached_property
    def _parter(self) -> WordParter:
        return WordParter()

    def _normalise(self, text: str) -> tuple[str, int]:
        return normalise(text)

    def _said(self, token: str, lowered: list[str], index: int) -> tuple[str, ...]:
        word = lowered[index]
        if len(word) == 1:
            return ("EY1",) if token == "A" else tuple(self._dictionary[word].split())
        if word in self._homographs:
            fitting, other, tag = self._homographs[word]
            may_fit = tag != _NEVER_FITTING or word == _COMPLEX
            return tuple((fitting if may_fit and fits(lowered, index, tag) else other).split())
        return self._word_phones(word)

    def _look_up(self, word: str) -> tuple[str, ...]:
        if len(word) > 1 and word in self._dictionary:
            return tuple(self._dictionary[word].split())
        if len(word) <= _SPELLED_LETTERS:
            return tuple(phone for char in word for phone in self._letter(char))
        if _POSSESSIVE.fullmatch(word):
            return with_s(self._word_phones(word[:-2]))
        parts = self._parter.part(word)
        if len(parts) == 1:
            return tuple(self._letter_to_sound.first_phones(word))
        return tuple(phone for part in parts for phone in self._word_phones(part))

    def _letter(self, char: str) -> list[str]:
        if not char.isalpha():
            return ["-" if char == "'" else char]
        return ["EY1"] if char == "a" else self._dictionary[char].split()
