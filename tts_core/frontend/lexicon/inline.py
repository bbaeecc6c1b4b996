"""Phones for one word at one place: `I [read](/R EH1 D/) it`.

From the moment the notation is recognised until the word is read, two private-use characters stand around the
word, the first of them with its number, and its phones travel beside the text. So Markdown, segmentation and
the model's rules for pieces see the word itself, and nothing that they could take apart. Private-use
characters of the text's own must be gone before (see `visible`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from tts_core.errors import InvalidParameter
from tts_core.frontend.lexicon.reading import MAX_PHONES_CHARS, MAX_WORD_CHARS
from tts_core.frontend.segmenter import split_sentences

_FIRST = 0xE000
CLOSE = "\uf8ff"
_NUM_OPENS = ord(CLOSE) - _FIRST
_NOTATION = re.compile(r"\[([^\[\]\n]+)\]\(/([^/()\n]*)/\)")
_MARKED = re.compile(r"([\ue000-\uf8fe])([^\ue000-\uf8ff]*)\uf8ff")
_MARK = re.compile("[\ue000-\uf8ff]")


InlinePhones = tuple[str, str]
"""A word and its phones, as the text gave them."""


def mark_inline_phones(text: str, max_words: int) -> tuple[str, tuple[InlinePhones, ...]]:
    """Return `text` with marks around each word that has phones, and those phones in order.

    Raises:
        InvalidParameter: there are more than `max_words`, or one of them is too long.
    """
    words: list[InlinePhones] = []

    def mark(match: re.Match[str]) -> str:
        word, phones = match[1].strip(), match[2].strip()
        if len(word) > MAX_WORD_CHARS or len(phones) > MAX_PHONES_CHARS:
            raise InvalidParameter(f"the inline phones of {word[:20]!r}… are too long", param="input")
        if len(words) == min(max_words, _NUM_OPENS):
            raise InvalidParameter(f"more than {len(words)} words have inline phones", param="input")
        words.append((word, phones))
        return f"{chr(_FIRST + len(words) - 1)}{word}{CLOSE}"

    return _NOTATION.sub(mark, text), tuple(words)


def marked_word(text: str, start: int) -> tuple[int, int] | None:
    """Return the number of the marked word that begins at `start`, and its end; None where none does."""
    match = _MARKED.match(text, start)
    return (ord(match[1]) - _FIRST, match.end()) if match else None


def without_marks(text: str) -> str:
    """Return the text as people read it."""
    return _MARK.sub("", text)


def split_marked(text: str, max_chars: int) -> list[str]:
    """Return the sentences of `text` (see `split_sentences`); no marked word is cut, whatever is in it."""
    whole = _MARKED.sub(lambda match: f"{match[1]}{_one_word(match[2])}{CLOSE}", text)
    ends = itertools.accumulate(map(len, split_sentences(whole, max_chars)))
    return rejoin(text[start:end] for start, end in itertools.pairwise((0, *ends)))


def _one_word(word: str) -> str:
    return "".join(char if char.isalnum() else "x" for char in word)


def rejoin(pieces: Iterable[str]) -> list[str]:
    """Join those pieces between which a marked word was cut."""
    joined: list[str] = []
    for piece in pieces:
        if joined and _is_open(joined[-1]):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _is_open(piece: str) -> bool:
    marks = _MARK.findall(piece)
    return bool(marks) and marks[-1] != CLOSE
