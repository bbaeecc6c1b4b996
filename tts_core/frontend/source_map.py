"""Where in a text as it was written stands what is spoken of it.

Filters leave things out (Markdown, code, what can't be seen), and put things in (names of emoji, marks).
Rather than have each of them keep books, the words of both texts are compared: the longest common subsequence
of them is what was kept (bit-parallel, after Hyyrö 2004: few operations, on numbers of a bit a word). A
word that was put in, or changed, belongs to what stands in its place: an emoji's name to the emoji.
"""

from __future__ import annotations

import bisect
import unicodedata
from collections.abc import Callable
from itertools import pairwise

from tts_core.frontend.words import Extent, cut_words

_MAX_REPLACED_CHARS = 80
_MAX_SEARCHED_CHARS = 2000
_LEAST_LETTERS = 3
_MAX_MARKUP_CHARS = 5


class SourceMap:
    """Extents of one text for extents of another, which was made of it.

    Args:
        source: as it was written.
        spoken: as it is spoken.
    """

    def __init__(self, source: str, spoken: str) -> None:
        self._source, self._spoken = source, spoken
        self._is_same = source == spoken
        self._words: list[Extent] = []
        self._places: list[Extent | None] = []
        if not self._is_same:
            self._words = cut_words(spoken)
            self._places = _places(source, spoken, self._words)

    @property
    def source(self) -> str:
        return self._source

    def extent(self, start: int, end: int) -> Extent | None:
        """Return where in the source the characters from `start` to before `end` of what is spoken stand.

        None where nothing there stands for them. Marks at both ends are included where they were written.
        """
        if self._is_same:
            return start, end
        first = bisect.bisect_right(self._words, start, key=lambda word: word[1])
        last = bisect.bisect_left(self._words, end, key=lambda word: word[0])
        places = [place for place in self._places[first:last] if place is not None]
        if not places:
            return None
        before, after = (
            self._spoken[start : self._words[first][0]],
            self._spoken[self._words[last - 1][1] : end],
        )
        left = _past(self._source[: places[0][0]][::-1], before[::-1])
        right = max(place[1] for place in places)
        return places[0][0] - left, right + _past(self._source[right:], after)


def _past(text: str, marks: str) -> int:
    """Return how far into `text` these marks reach, each found close behind the one before."""
    reached = 0
    for mark in marks:
        found = text.find(mark, reached, reached + _MAX_MARKUP_CHARS)
        if mark.isspace() or found < 0 or any(map(str.isalnum, text[reached:found])):
            break
        reached = found + 1
    return reached


def _places(source: str, spoken: str, words: list[Extent]) -> list[Extent | None]:
    """Return where each spoken word stands in the source."""
    written = cut_words(source)
    said = [spoken[slice(*one)] for one in words]
    places: list[Extent | None] = [None] * len(words)
    for index, place in _matches(said, [source[slice(*one)] for one in written]):
        places[index] = written[place]
    _fill(
        places, len(source), lambda first, stop, left, right: _spelled(source, said[first:stop], left, right)
    )
    _fill(places, len(source), lambda first, stop, left, right: [_rest(source, left, right)] * (stop - first))
    return places


def _fill(
    places: list[Extent | None], size: int, find: Callable[[int, int, int, int], list[Extent | None]]
) -> None:
    """Have places found for the words that have none: those of each run between its neighbours' places."""
    known = [-1, *(index for index, place in enumerate(places) if place is not None), len(places)]
    for before, after in pairwise(known):
        if after - before > 1:
            first, last = (places[before] if before >= 0 else None), places[after : after + 1]
            left = first[1] if first else 0
            right = last[0][0] if last and last[0] else size
            places[before + 1 : after] = find(before + 1, after, left, right)


def _spelled(source: str, words: list[str], left: int, right: int) -> list[Extent | None]:
    """Find words whose letters stand in the source in order, whatever stands between these: bo**ld**."""
    if right - left > _MAX_SEARCHED_CHARS:
        return [None] * len(words)
    letters = [index for index in range(left, right) if source[index].isalnum()]
    spelling = "".join(source[index] for index in letters)
    places: list[Extent | None] = []
    done = 0
    for word in words:
        own = "".join(filter(str.isalnum, word))
        found = spelling.find(own, done) if len(own) >= _LEAST_LETTERS else -1
        if found >= 0:
            done = found + len(own)
            places.append((letters[found], letters[done - 1] + 1))
        else:
            places.append(None)
    return places


def _rest(source: str, left: int, right: int) -> Extent | None:
    """Return what of the source stands between two words, in one line, without marks around it."""
    if right - left > _MAX_SEARCHED_CHARS:
        return None
    while left < right and _is_around(source[left]):
        left += 1
    line_end = source.find("\n", left, right)
    right = right if line_end < 0 else line_end
    while left < right and _is_around(source[right - 1]):
        right -= 1
    return (left, right) if 0 < right - left <= _MAX_REPLACED_CHARS else None


def _is_around(char: str) -> bool:
    return char in "<>|`~" or (unicodedata.category(char)[0] in "ZCP" and char not in "&%@#")


def _matches(spoken: list[str], written: list[str]) -> list[tuple[int, int]]:
    """Return the indices, in both lists, of a longest common subsequence."""
    head = 0
    while head < min(len(spoken), len(written)) and spoken[head] == written[head]:
        head += 1
    tail, most = 0, min(len(spoken), len(written)) - head
    while tail < most and spoken[-1 - tail] == written[-1 - tail]:
        tail += 1
    middle = _longest(spoken[head : len(spoken) - tail], written[head : len(written) - tail])
    return [
        *((index, index) for index in range(head)),
        *((head + left, head + right) for left, right in middle),
        *((len(spoken) - index, len(written) - index) for index in range(tail, 0, -1)),
    ]


def _longest(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    """Return the pairs of a longest common subsequence. A zero in a row's bits is where it grows."""
    stands_at: dict[str, int] = {}
    for index, word in enumerate(right):
        stands_at[word] = stands_at.get(word, 0) | 1 << index
    everything = (1 << len(right)) - 1
    rows = [everything]
    for word in left:
        row = rows[-1]
        kept = row & stands_at.get(word, 0)
        rows.append((row + kept | row - kept) & everything)
    pairs: list[tuple[int, int]] = []
    row_index, column = len(left), len(right)
    while row_index and column:
        bit = 1 << column - 1
        if rows[row_index] & bit:
            column -= 1
        elif not rows[row_index - 1] & bit:
            row_index -= 1
        else:
            row_index, column = row_index - 1, column - 1
            pairs.append((row_index, column))
    return pairs[::-1]
