"""Sentences of running text, for every engine and every script.

The reference's cut methods (`cut.py`) are a matter of its own front end; this module knows nothing of them,
nor of any model. It looks at one sentence at a time, so the first of a long text is out before the last has
been read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tts_core.frontend.gaps import Gap, classify

_ZERO_WIDTH_JOINER = "\u200d"
_WIDE_CHARS = 3
_DIGIT_CHARS = 4
"""How many letters a Han character, a kana or a syllable of Hangul takes as long to say as, and a digit."""


def split_sentences(text: str, max_chars: int = 200) -> Iterator[str]:
    """Yield the sentences of `text`, lazily; joined, they are `text` again, character for character.

    A sentence of more than `max_chars` characters is cut at clause punctuation, else at a space, else
    anywhere but inside a combining sequence. A digit counts as four characters and a wide character as three,
    because that is how long they take to say. Counted from a piece's first letter or digit to its last:
    punctuation and symbols around them come on top, because every piece keeps something to say. Text without
    any letter or digit is one piece; blank text is none.

    Raises:
        ValueError: `max_chars` is less than 1.
    """
    if max_chars < 1:
        raise ValueError(f"max_chars must be at least 1, not {max_chars}")
    if not text or text.isspace():
        return
    start = 0
    while start < len(text):
        end = _piece_end(text, start, max_chars)
        yield text[start:end]
        start = end


def split_long(text: str, max_chars: int) -> list[str]:
    """Return `text` itself, or its sentences where it counts as more than `max_chars` characters."""
    return [text] if sum(map(_weight, text)) <= max_chars else [*split_sentences(text, max_chars)]


def _piece_end(text: str, start: int, max_chars: int) -> int:
    first = last = _next_spoken(text, start)
    if first == len(text):
        return first
    left = max_chars - _weight(text[first])
    clause = space = first
    while True:
        following = _next_spoken(text, last + 1)
        if following == len(text):
            return following
        if following > last + 1:
            kind, cut = classify(text, last + 1, following)
            if kind is Gap.SENTENCE:
                return cut
            clause = cut if kind is Gap.CLAUSE else clause
            space = cut if kind is Gap.SPACE else space
        left -= sum(map(_weight, text[last + 1 : following + 1]))
        if left < 0:
            limit = _limit(text, first, max_chars)
            # A clause that ends early would leave a stub and an overlong rest.
            good_clause = clause if clause - first > (limit - first) // 4 else first
            soft_cut = good_clause if good_clause > first else max(clause, space)
            return soft_cut if soft_cut > first else _hard_cut(text, first, limit)
        last = following


def _limit(text: str, first: int, max_chars: int) -> int:
    """Return the index up to which a piece that begins at `first` may reach: at least one character on."""
    index, left = first + 1, max_chars - _weight(text[first])
    while index < len(text) and (left := left - _weight(text[index])) >= 0:
        index += 1
    return index


def _weight(char: str) -> int:
    if char.isdigit():
        return _DIGIT_CHARS
    is_wide = unicodedata.east_asian_width(char) in "WF" and char.isalnum()
    return _WIDE_CHARS if is_wide else 1


def _next_spoken(text: str, index: int) -> int:
    size = len(text)
    while index < size and not text[index].isalnum():
        index += 1
    return index


def _hard_cut(text: str, first: int, limit: int) -> int:
    cut = limit
    while cut > first and not _may_cut(text, cut):
        cut -= 1
    if cut > first:
        return cut
    cut = limit
    while cut < len(text) and not _may_cut(text, cut):
        cut += 1
    return cut if _next_spoken(text, cut) < len(text) else len(text)


def _may_cut(text: str, index: int) -> bool:
    """Tell whether `text[index]` begins something of its own, rather than modify what stands before it."""
    before, char = text[index - 1], text[index]
    joined = _ZERO_WIDTH_JOINER in (before, char)
    surrogates = "\ud800" <= before < "\udc00" <= char < "\ue000"
    conjoining_jamo = "\u1160" <= char < "\u1200"
    modifier = unicodedata.category(char) in ("Mn", "Mc", "Me", "Sk") or "\U000e0000" <= char < "\U000e0080"
    return not (joined or surrogates or conjoining_jamo or modifier)
