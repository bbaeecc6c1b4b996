"""Words run together, parted where it is likeliest: "thisisatest" is "this is a test".

Counts of words and of pairs are the data files of the `wordsegment` package; none of its code is run. The
score is Norvig's: a word's share of the corpus, given the word before it where that pair was counted, and for
words never seen a tenth for each letter. P. Norvig, Natural Language Corpus Data, in: Beautiful Data (2009).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from tts_core.frontend.english.data import package_file

_TOTAL = 1024908267229.0
_MAX_LETTERS = 24
_CHUNK = 250
_CARRIED = 5
_START = "<s>"


class WordParter:
    """Parts words. Loading takes half a second and 100 MB.

    Raises:
        MissingDependency: the package isn't installed.
    """

    def __init__(self) -> None:
        self._words = _counts(package_file("wordsegment", "unigrams.txt"))
        self._pairs = _counts(package_file("wordsegment", "bigrams.txt"))

    def part(self, word: str) -> list[str]:
        """Return the parts of `word`, of which everything but the letters a to z is left out."""
        letters = "".join(char for char in word.lower() if "a" <= char <= "z")
        found: list[str] = []
        for start in range(0, len(letters), _CHUNK):
            carried = "".join(found[-_CARRIED:]) if start else ""
            del found[len(found) - _CARRIED if carried else len(found) :]
            found += self._likeliest(carried + letters[start : start + _CHUNK])
        return found

    def _likeliest(self, text: str) -> list[str]:
        """Go from the end to the beginning: ends[i, j] is where the word from j on ends, after the word i..j.

        Only after a word that was counted does it matter which one that was.
        """
        size = len(text)
        scores: dict[tuple[int, int], float] = {}
        ends: dict[tuple[int, int], int] = {}
        for start in range(size - 1, -1, -1):
            following = [
                (self._score(text[start:end]) + scores.get((start, end), 0.0), end)
                for end in range(start + 1, min(size, start + _MAX_LETTERS) + 1)
            ]
            likeliest = max(following)
            for before in range(max(0, start - _MAX_LETTERS), start):
                best = self._best_after(text[before:start], text, start, following, scores) or likeliest
                scores[before, start], ends[before, start] = best
            ends[-1, start] = (self._best_after(_START, text, start, following, scores) or likeliest)[1]
        return list(_words(text, ends))

    def _best_after(
        self,
        previous: str,
        text: str,
        start: int,
        following: list[tuple[float, int]],
        scores: dict[tuple[int, int], float],
    ) -> tuple[float, int] | None:
        if previous not in self._words:
            return None
        best = following[0]
        for score, end in following:
            pair = self._pairs.get(f"{previous} {text[start:end]}")
            if pair:
                score = math.log10(pair / self._words[previous]) + scores.get((start, end), 0.0)
            best = max(best, (score, end)) if end > start + 1 else (score, end)
        return best

    def _score(self, word: str) -> float:
        count = self._words.get(word)
        return math.log10(count / _TOTAL if count else 10.0 / (_TOTAL * 10 ** len(word)))


def _words(text: str, ends: dict[tuple[int, int], int]) -> Iterator[str]:
    before, start = -1, 0
    while start < len(text):
        end = ends[before, start]
        yield text[start:end]
        before, start = start, end


def _counts(path: Path) -> dict[str, float]:
    with path.open(encoding="utf-8") as lines:
        split = (line.partition("\t") for line in lines)
        return {word: float(count) for word, _, count in split}
