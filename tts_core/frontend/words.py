"""Words of a running text, as people point at them, and how long each takes to say, roughly.

A word is what stands between spaces, without the marks around it: `don't`, `$3.50`, `well-known`, `2nd`.
Scripts without spaces have no such words: there every character is one, with what belongs to it, unless
`cut` knows better (see `cut_words`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from tts_core.frontend.gaps import Gap, classify, is_wide
from tts_core.timing.marks import Word

Extent = tuple[int, int]
"""Of a word in its text: index of its first character, and after its last."""

# Signs that go with the word they touch; others are words by themselves.
_CORE_MARKS = frozenset("%‰@#&°©®™")
_TAG_MARKS = frozenset("<>")
# What may stand inside of a word, between two of its characters.
_JOINTS = frozenset("'’.-_@/·‐‑")
_DIGIT_JOINTS = frozenset(",:٫٬")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")

_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýāēīōūœаеёиоуыэюяіїєαεηιουω")
_VOWEL_MS, _CONSONANT_MS, _DIGIT_MS, _SIGN_MS = 85.0, 65.0, 330.0, 450.0
_HAN_MS, _KANA_MS, _SYLLABLE_MS, _CODA_MS = 200.0, 130.0, 140.0, 50.0


def words_of(
    text: str,
    *,
    start: int = 0,
    extents: Sequence[Extent] | None = None,
    typical_ms: Callable[[str], float] | None = None,
) -> tuple[Word, ...]:
    """Return the words of `text`, without those that take no time.

    Args:
        text: what is spoken at a stretch.
        start: where it begins, in the text in which the words' characters are counted.
        extents: where its words stand; those of `cut_words` if left out.
        typical_ms: how long a word takes to say; `letters_ms` if left out.
    """
    measure = typical_ms or letters_ms
    timed = [
        (first, end, ms)
        for first, end in (cut_words(text) if extents is None else extents)
        if (ms := measure(text[first:end])) > 0
    ]
    following = [*(first for first, _, _ in timed), len(text)][1:]
    return tuple(
        Word(start + first, start + end, ms, _gap(text, end, after))
        for (first, end, ms), after in zip(timed, following, strict=True)
    )


def cut_words(text: str) -> list[Extent]:
    """Return where words stand, characters of scripts without spaces by themselves."""
    extents: list[Extent] = []
    for index, char in enumerate(text):
        if not is_core(char) or (char in _TAG_MARKS and _is_tag(text, index)):
            continue
        if extents and _belongs(text, extents[-1][1], index):
            extents[-1] = (extents[-1][0], index + 1)
        else:
            extents.append((index, index + 1))
    return [extent for extent in extents if _is_spoken(text[slice(*extent)])]


def is_core(char: str) -> bool:
    """Tell whether a character can be part of a word wherever it stands."""
    return unicodedata.category(char)[0] in "LNMS" or char in _CORE_MARKS


def is_unspaced(char: str) -> bool:
    """Tell whether a character is of a script that puts no spaces between words."""
    return is_wide(char) and not _HANGUL.match(char)


def letters_ms(word: str) -> float:
    """Return how long a word takes to say, by its letters alone."""
    return sum(map(_char_ms, word))


def _is_spoken(word: str) -> bool:
    return any(unicodedata.category(char)[0] in "LNS" for char in word) or word in ("%", "&", "@")


def _belongs(text: str, end: int, index: int) -> bool:
    """Tell whether the character at `index` goes on with the word that ends before `end`."""
    last, char = text[end - 1], text[index]
    if is_mark(char):
        return end == index
    if _is_sign(char) or _is_sign(last):
        return False
    if is_unspaced(char) or is_unspaced(_base(text, end)):
        return False
    if end == index:
        return True
    joint = text[end:index]
    if len(joint) > 1:
        return False
    return joint in _JOINTS or (joint in _DIGIT_JOINTS and last.isdigit() and char.isdigit())


def _is_sign(char: str) -> bool:
    return unicodedata.category(char) in ("Sm", "So", "Sk") and char not in _CORE_MARKS


def _is_tag(text: str, index: int) -> bool:
    """Tell whether `<` or `>` touches a letter, as around a tag: it isn't said then."""
    return any(char.isalpha() or char == "/" for char in text[max(0, index - 1) : index + 2])


def is_mark(char: str) -> bool:
    """Tell whether a character modifies the one before it."""
    return unicodedata.category(char)[0] == "M" or char in "ーｰ"


def _base(text: str, end: int) -> str:
    """Return the last character before `end` that is no mark."""
    return next((char for char in reversed(text[:end]) if not is_mark(char)), " ")


def _gap(text: str, end: int, after: int) -> int:
    """Return how strongly what stands between two words parts them: see `Gap`."""
    left, right = end, after
    while left > 0 and not text[left - 1].isalnum():
        left -= 1
    while right < len(text) and not text[right].isalnum():
        right += 1
    if right == len(text):
        return Gap.SENTENCE
    return int(classify(text, left, right)[0]) if left else Gap.SPACE


def _char_ms(char: str) -> float:
    """Return how long a character takes to say, averaged over what it may stand for."""
    kind = unicodedata.category(char)
    if kind[0] == "N":
        return _DIGIT_MS
    if kind[0] in "SP":
        return _SIGN_MS if kind in ("Sc", "Sm", "So") or char in _CORE_MARKS else 0.0
    if kind[0] == "M":
        return _VOWEL_MS if kind == "Mc" else 0.0
    if kind[0] != "L":
        return 0.0
    if "\uac00" <= char <= "\ud7a3":
        return _SYLLABLE_MS + (_CODA_MS if (ord(char) - 0xAC00) % 28 else 0.0)
    if "\u3041" <= char <= "\u30ff":
        return 0.0 if char in "ゃゅょャュョぁぃぅぇぉァィゥェォ" else _KANA_MS
    if is_wide(char):
        return _HAN_MS
    return _VOWEL_MS if char.lower() in _VOWELS else _CONSONANT_MS


def joined(pieces: Iterable[str], start: int = 0) -> list[Extent]:
    """Return where consecutive pieces of a text stand."""
    ends = [start]
    for piece in pieces:
        ends.append(ends[-1] + len(piece))
    return list(pairwise(ends))
