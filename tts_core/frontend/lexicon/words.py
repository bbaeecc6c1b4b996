"""Many readings, found in a text: the longest first, in any case, Latin letters as whole words only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from tts_core.frontend.gaps import is_wide
from tts_core.frontend.lexicon.reading import Reading

_APOSTROPHES = frozenset("'’")


class Words:
    """Readings by the words that they are for. Never changed: requests share the server's.

    Args:
        readings: at most one for a word and a language; a later one replaces an earlier one.
        any_language: whether a word counts wherever it stands, or only where its own language is read.
    """

    def __init__(self, readings: Iterable[Reading] = (), *, any_language: bool = False) -> None:
        self._any_language = any_language
        self._by_key: dict[str, dict[str, Reading]] = {}
        for reading in readings:
            self._by_key.setdefault(key_of(reading.word), {})[reading.language] = reading
        lengths: dict[str, set[int]] = {}
        for key in self._by_key:
            lengths.setdefault(key[0], set()).add(len(key))
        self._lengths = {first: sorted(sizes, reverse=True) for first, sizes in lengths.items()}

    def __len__(self) -> int:
        return sum(map(len, self._by_key.values()))

    def __iter__(self) -> Iterator[Reading]:
        """Yield all readings, in an order that depends on nothing but them."""
        for key in sorted(self._by_key):
            readings = self._by_key[key]
            yield from (readings[language] for language in sorted(readings))

    def longest(self, key: str, start: int, languages: list[str]) -> Reading | None:
        """Return the reading of the longest word that stands at `start`, if one does.

        Args:
            key: `key_of` the text.
            start: index in it.
            languages: the language that each of its characters is read in.
        """
        for size in self._lengths.get(key[start], ()):
            end = start + size
            if end > len(key):  # or what is cut off there would pass for a shorter word
                continue
            readings = self._by_key.get(key[start:end])
            if readings and stands_alone(key, start, end):
                reading = self._chosen(readings, languages[start:end])
                if reading is not None:
                    return reading
        return None

    def _chosen(self, readings: dict[str, Reading], languages: Collection[str]) -> Reading | None:
        for language, reading in readings.items():
            if self._any_language or language in languages:
                return reading
        return None


def key_of(text: str) -> str:
    """Return `text` with its letters small and its apostrophes straight, character for character."""
    return "".join("'" if char in _APOSTROPHES else _small(char) for char in text)


def stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether `text[start:end]` is no part of a longer word; Han, kana, hangul have no such bounds."""
    if start > 0 and is_narrow(text[start]) and is_narrow(text[start - 1]):
        return False
    if end == len(text) or not is_narrow(text[end - 1]):
        return True
    return not is_narrow(text[end]) and not _is_contracted(text, end)


def is_narrow(char: str) -> bool:
    """Tell whether `char` is a letter or digit of a script that puts spaces between words."""
    return char.isalnum() and not is_wide(char)


def _is_contracted(text: str, end: int) -> bool:
    """Tell whether an apostrophe goes on with the word, as in "don't"; "John's" is John and a suffix."""
    suffix = text[end : end + 3]
    return suffix[0] == "'" and is_narrow(suffix[1:2] or " ") and not is_possessive(text, end)


def is_possessive(text: str, end: int) -> bool:
    """Tell whether 's follows."""
    return key_of(text[end : end + 2]) == "'s" and not is_narrow(text[end + 2 : end + 3] or " ")


def _small(char: str) -> str:
    small = char.lower()
    return small if len(small) == 1 else char
