"""Pinyin, and the phones of a syllable."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
from pypinyin.contrib.tone_convert import to_tone3
from pypinyin.seg.mmseg import seg as phrase_segmenter

from tts_core.frontend.symbols import UNK
from tts_core.frontend.symbols.parts import MANDARIN_FINALS, MANDARIN_INITIALS

# The phrase dictionary's slips.
_CORRECTIONS = {
    "圈养": "juan4 yang3",
    "挑剔": "tiao1 ti4",
    "朝鲜": "chao2 xian3",
    "幸免于难": "xing4 mian3 yu2 nan4",
    "放大率": "fang4 da4 lv4",
    "标识": "biao1 zhi4",
    "解法": "jie3 fa3",
    "分子": "fen1 zi3",
}
_READ_AS = {"yo": "o", "m": "en", "n": "en", "ng": "en", "hm": "en", "hng": "en"}
_INITIAL = re.compile(r"[zcs]h|[bpmfdtnlgkhjqxrzcsyw]|")
_INITIALS = frozenset(MANDARIN_INITIALS.split())
_FINALS = frozenset(MANDARIN_FINALS.split())
_SPECIAL_FINALS = {"yan": "En", "ye": "E"}
_CACHED_WORDS = 1 << 16
PinyinOf = Callable[[str], tuple[str, ...]]


@functools.lru_cache(_CACHED_WORDS)
def word_pinyin(word: str) -> tuple[str, ...]:
    """Return the syllable of each character with its tone digit (5 is neutral), such as "lve4"."""
    if word in _CORRECTIONS:
        return tuple(_CORRECTIONS[word].split())
    return _look_up(word, word_pinyin)


@functools.lru_cache(_CACHED_WORDS)
def uncorrected_pinyin(word: str) -> tuple[str, ...]:
    """Return the syllables as `word_pinyin`, the phrase dictionary's slips as they are."""
    return _look_up(word, uncorrected_pinyin)


def _look_up(word: str, part_pinyin: PinyinOf) -> tuple[str, ...]:
    if not word[:1].isalpha():
        return tuple(word)
    if word in PHRASES_DICT:
        return tuple(_with_digit(readings[0]) for readings in PHRASES_DICT[word])
    if len(word) == 1:
        readings = PINYIN_DICT.get(ord(word), word)
        return (_with_digit(readings.partition(",")[0]),)
    phrases = list(phrase_segmenter.cut(word))
    return tuple(
        syllable for phrase in (phrases if len(phrases) > 1 else word) for syllable in part_pinyin(phrase)
    )


@functools.cache
def _with_digit(syllable: str) -> str:
    """Return "lve4" for "lüè"; what pypinyin does for every word anew. There are some 1,500 syllables."""
    return to_tone3(syllable, neutral_tone_with_five=True)


def is_phrase(word: str) -> bool:
    """Tell whether the dictionary knows how to read `word`. With a final 儿 it is often wrong."""
    return (word in PHRASES_DICT and word[-1] != "儿") or word in _CORRECTIONS


def clause_pinyin(clause: str, phrase_pinyin: PinyinOf = word_pinyin) -> list[str]:
    """Return one item per character: a syllable with its tone, or the punctuation mark itself."""
    return [syllable for phrase in phrase_segmenter.cut(clause) for syllable in phrase_pinyin(phrase)]


@functools.lru_cache(_CACHED_WORDS)
def syllable_phones(syllable: str) -> tuple[str, ...]:
    """Return initial and final with tone; one phone for punctuation and for what has no reading.

    The rule: y and w count as initials, a syllable that begins with its vowel gets that vowel doubled as
    initial, the i of zi is i0 and that of zhi is ir, u after j, q, x and y is v, yan and ye have finals of
    their own, and yo is read o.
    """
    plain, tone = syllable[:-1], syllable[-1]
    if not plain:
        return (syllable,)
    plain = _READ_AS.get(plain, plain)
    initial = _INITIAL.match(plain)[0]  # type: ignore[index]  # the pattern matches the empty string
    final = _SPECIAL_FINALS.get(plain, plain[len(initial) :])
    if not initial:
        initial = plain[0].upper() * 2
    elif final == "i" and initial[-1] in "hr":
        final = "ir"
    elif final == "i" and initial in "zcs":
        final = "i0"
    elif final[:1] == "u" and initial in "jqxy":
        final = "v" + final[1:]
    known = initial in _INITIALS and final in _FINALS and tone in "12345"
    return (initial, final + tone) if known else (UNK,)
