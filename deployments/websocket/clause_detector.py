"""Where text that arrives in pieces can be spoken: clauses whose end is certain, however the rest goes on.

The detector looks at one character after the other, never at how pieces were cut, so the same text gives the
same clauses in any pieces. (What `pause` and `flush` add depends on when they come.)
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from deployments.websocket.markup import Markup
from tts_core.frontend.gaps import HARD_TERMINATORS, NEWLINES, TERMINATORS, Gap, classify, is_wide
from tts_core.frontend.segmenter import split_sentences

SCHEDULE = (20, 60, 120)
"""After how many characters a comma ends the first clause, the second, and the later ones."""
MAX_CLAUSE_CHARS = 200
_WIDE_CHARS = 3
_MAX_GAP_CHARS = 64
"""So much that is no letter ends whatever was before."""
_RETRY_WEIGHT = 50
"""What is too long and can't be cut is looked at again after so much more."""
_POSSIBLE = ("A", "a", "1")
"""What may come next, as far as it matters to whether a sentence has ended."""
# These end what they follow whatever comes; a full-width full stop or colon may stand in a number.
_FINAL = HARD_TERMINATORS - {"．"}
_FINAL_COMMAS = frozenset("，、；：､،؛")


class Ending(enum.Enum):
    """What ends a clause."""

    SENTENCE = "sentence"
    COMMA = "comma"
    NONE = "none"


@dataclass(frozen=True)
class Clause:
    """Text to be spoken in one go.

    Attributes:
        text: as it arrived, spaces included.
        start: characters that arrived before it.
        ending: what it ends with.
    """

    text: str
    start: int
    ending: Ending

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class ClauseDetector:
    """Takes pieces of text and gives clauses; joined, these are the text.

    Never cuts within a word, a number, an abbreviation or an address; nor, where text is set, within markup.
    Only a sentence of more than 200 characters is cut at a space, and a word that long anywhere.

    Args:
        schedule: after how many characters a comma ends a clause; the last figure is for all later ones. A
            character of Chinese, Japanese or Korean counts as three.
        is_set: whether the text is Markdown or has inline phones.
    """

    def __init__(self, schedule: tuple[int, ...] = SCHEDULE, *, is_set: bool = False) -> None:
        self._schedule, self._is_set = schedule, is_set
        self._num_taken, self._num_clauses = 0, 0
        self._forget()

    @property
    def held(self) -> str:
        """What arrived and is in no clause yet."""
        return self._text

    def feed(self, piece: str) -> Iterator[Clause]:
        """Take a piece and yield the clauses that it completes."""
        for char in piece:
            self._text += char
            found = self._end_at(char)
            self._note(char, len(self._text) - 1)
            if found is not None and self._may_cut(found[0]):
                yield self._cut(*found)
            elif self._weight > self._next_weight and (end := self._overlong_end()):
                yield self._cut(end, Ending.NONE)

    def pause(self) -> Clause | None:
        """Take what is whole: nothing came for a while. A word that may go on stays."""
        end = self._whole_end()
        if self._first is None or self._first >= end or not self._may_cut(end):
            return None
        return self._cut(end, _ending_of(self._text[:end]))

    def flush(self) -> Clause | None:
        """Take everything, and begin anew: what follows is another utterance."""
        clause = self._cut(len(self._text), _ending_of(self._text)) if self._text.strip() else None
        self._num_taken += len(self._text)
        self._forget()
        self._num_clauses = 0
        return clause

    def clear(self) -> None:
        """Drop what is held, and begin anew, from character 0."""
        self._forget()
        self._num_taken, self._num_clauses = 0, 0

    def _forget(self) -> None:
        self._text = ""
        self._first: int | None = None  # of the characters that can be spoken
        self._last = -1
        self._weight, self._next_weight = 0, MAX_CLAUSE_CHARS
        self._markup = Markup()

    def _note(self, char: str, index: int) -> None:
        self._weight += _WIDE_CHARS if is_wide(char) else 1
        if char.isalnum():
            self._first = index if self._first is None else self._first
            self._last = index
        elif char == "\n":
            self._markup.end_line(self._text, index)

    def _cut(self, end: int, ending: Ending) -> Clause:
        clause = Clause(self._text[:end], self._num_taken, ending)
        rest = self._text[end:]
        self._num_taken += end
        self._num_clauses += 1
        self._forget()
        self._text = rest
        for index, char in enumerate(rest):
            self._note(char, index)
        return clause

    def _may_cut(self, end: int) -> bool:
        return not (self._is_set and self._markup.is_within(self._text, end))

    def _end_at(self, char: str) -> tuple[int, Ending] | None:
        """Return where a clause ends, now that `char` is the last character."""
        if self._first is None or (self._is_set and self._markup.is_block(self._text)):
            return None
        size = len(self._text)
        if size - self._last > _MAX_GAP_CHARS:
            return size, _ending_of(self._text)
        if char.isalnum():
            return self._end_before(size - 1) if size - 1 > self._last + 1 else None
        if char in NEWLINES or char in _FINAL:
            return size, Ending.SENTENCE
        if char in _FINAL_COMMAS and not self._text[size - 2].isdigit():
            return (size, Ending.COMMA) if self._is_due(size) else None
        return self._certain_end() if char.isspace() else None

    def _end_before(self, right: int) -> tuple[int, Ending] | None:
        """Return where a clause ends in the gap before the character at `right`."""
        gap = self._text[self._last + 1 : right]
        is_apart = any(map(str.isspace, gap)) or is_wide(self._text[right]) or is_wide(self._text[self._last])
        if not is_apart:  # as in www.example.com/a?B=c
            return None
        return self._judged(*classify(self._text, self._last + 1, right))

    def _certain_end(self) -> tuple[int, Ending] | None:
        """Return where a clause ends, whatever comes after the space that is last."""
        size = len(self._text)
        found = {classify(self._text + after, self._last + 1, size) for after in _POSSIBLE}
        return self._judged(*found.pop()) if len(found) == 1 else None

    def _judged(self, gap: Gap, end: int) -> tuple[int, Ending] | None:
        if gap is Gap.SENTENCE:
            return end, Ending.SENTENCE
        return (end, Ending.COMMA) if gap is Gap.CLAUSE and self._is_due(end) else None

    def _is_due(self, end: int) -> bool:
        due = self._schedule[min(self._num_clauses, len(self._schedule) - 1)]
        return sum(_WIDE_CHARS if is_wide(char) else 1 for char in self._text[:end].strip()) >= due

    def _overlong_end(self) -> int:
        """Return where to cut what has become too long; 0 for nowhere yet."""
        self._next_weight = self._weight + _RETRY_WEIGHT
        if self._first is None:
            return len(self._text)
        end = len(next(split_sentences(self._text, MAX_CLAUSE_CHARS)))
        return end if end < len(self._text) and self._may_cut(end) else 0

    def _whole_end(self) -> int:
        """Return the end of what can't become part of a longer word."""
        text = self._text
        if text and _is_closed(text):
            return len(text)
        return max(
            (
                index + 1
                for index, char in enumerate(text)
                if char.isspace() or char in _FINAL | _FINAL_COMMAS
            ),
            default=0,
        )


def _is_closed(text: str) -> bool:
    """Tell whether the last word of `text` is complete: a space or an end mark follows; it is no number."""
    last = max((index for index, char in enumerate(text) if char.isalnum()), default=-1)
    tail = text[last + 1 :]
    if not tail:
        return False
    if last < 0 or tail[-1].isspace() or tail[-1] in _FINAL:
        return True
    if text[last].isdigit() or TERMINATORS.isdisjoint(tail):
        return False
    kinds = {classify(f"{text} {after}", last + 1, len(text) + 1)[0] for after in _POSSIBLE}
    return kinds == {Gap.SENTENCE}


def _ending_of(text: str) -> Ending:
    tail = text[max((index for index, char in enumerate(text) if char.isalnum()), default=-1) + 1 :]
    if not TERMINATORS.isdisjoint(tail) or not NEWLINES.isdisjoint(tail):
        return Ending.SENTENCE
    return Ending.COMMA if any(char in _FINAL_COMMAS or char in ",;:" for char in tail) else Ending.NONE
