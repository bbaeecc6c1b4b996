"""Words run together, parted where it is likeliest: "thisisatest" is "this is a test".

Counts of words and of pairs are the data files of the `wordsegment` package; none of its code is run. The
score is Norvig's: a word's share of the corpus, given the word before it where that pair was counted, and for
words never seen a tenth for each letter. P. Norvig, Natural Language Corpus Data, in: Beautiful Data (2009).
"""

from __future__ import annotations

import math
from pathlib import Path

from tts_core.frontend.english.data import package_file

_TOTAL = 1024908267229.0
_MAX_LETTERS = 24
_CHUNK = 250
_CARRIED = 5
_START = "<s>"
Parting = tuple[float, tuple[str, ...]]


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

    def _likeliest(self, text: str) -> tuple[str, ...]:
        """Go from the end to the beginning: best[i][j] is the best parting from j on after the word i..j."""
        best: dict[tuple[int, int], Parting] = {}
        for start in range(len(text), -1, -1):
            for before in range(max(0, start - _MAX_LETTERS), start):
                best[before, start] = self._best(text, start, text[before:start], best)
        return self._best(text, 0, _START, best)[1]

    def _best(self, text: str, start: int, previous: str, best: dict[tuple[int, int], Parting]) -> Parting:
        if start == len(text):
            return 0.0, ()
        candidates = []
        for end in range(start + 1, min(len(text), start + _MAX_LETTERS) + 1):
            word = text[start:end]
            score, words = best[start, end]
            candidates.append((math.log10(self._score(word, previous)) + score, (word, *words)))
        return max(candidates)

    def _score(self, word: str, previous: str) -> float:
        pair = self._pairs.get(f"{previous} {word}")
        if pair and previous in self._words:
            return pair / self._words[previous]
        count = self._words.get(word)
        return count / _TOTAL if count else 10.0 / (_TOTAL * 10 ** len(word))


def _counts(path: Path) -> dict[str, float]:
    with path.open(encoding="utf-8") as lines:
        split = (line.partition("\t") for line in lines)
        return {word: float(count) for word, _, count in split}
