"""Joining words whose tones depend on each other: 不 and its verb, 一 and what it counts, third tones."""

from __future__ import annotations

from collections.abc import Callable

from tts_core.frontend.chinese.sandhi import all_third
from tts_core.frontend.chinese.words import Word

TonesOf = Callable[[str], str]


def merge_words(words: list[Word], tones_of: TonesOf) -> list[Word]:
    """Return the words, joined where the tone rules have to see them as one.

    Args:
        words: a clause.
        tones_of: the dictionary tones of a word, one character each.
    """
    words = _join_negated(words)
    words = _join_counted(_join_tried(words))
    words = _join_repeated(words)
    words = _join_third(words, tones_of, _all_third)
    words = _join_third(words, tones_of, _third_meets_third)
    return _join_er(words)


def _join_negated(words: list[Word]) -> list[Word]:
    joined: list[Word] = []
    pending = ""
    for word in words:
        text = pending + word.text
        pending = "" if text != "不" else text
        if not pending:
            joined.append(Word(text, word.tag))
    return [*joined, Word(pending, "d")] if pending else joined


def _join_tried(words: list[Word]) -> list[Word]:
    """听 一 听 becomes 听一听."""
    joined: list[Word] = []
    index = 0
    while index < len(words):
        word = words[index]
        following = words[index + 1] if index + 1 < len(words) else None
        if word.text == "一" and joined and joined[-1] == following and following.tag == "v":
            joined[-1] = Word(f"{following.text}一{following.text}", "v")
            index += 2
        else:
            joined.append(word)
            index += 1
    return joined


def _join_counted(words: list[Word]) -> list[Word]:
    joined: list[Word] = []
    for word in words:
        if joined and joined[-1].text == "一":
            joined[-1] = Word("一" + word.text, joined[-1].tag)
        else:
            joined.append(word)
    return joined


def _join_repeated(words: list[Word]) -> list[Word]:
    joined: list[Word] = []
    for word in words:
        if joined and joined[-1].text == word.text:
            joined[-1] = Word(word.text * 2, joined[-1].tag)
        else:
            joined.append(word)
    return joined


def _all_third(before: str, after: str) -> bool:
    return all_third(before) and all_third(after)


def _third_meets_third(before: str, after: str) -> bool:
    return before[-1] == "3" == after[0]


def _join_third(words: list[Word], tones_of: TonesOf, meet: Callable[[str, str], bool]) -> list[Word]:
    """Join pairs of up to three characters; a repeated word (奶奶) stays alone, and no word joins twice."""
    joined: list[Word] = []
    free = False
    tones = [tones_of(word.text) for word in words]
    for index, word in enumerate(words):
        before = words[index - 1] if free else None
        if before and meet(tones[index - 1], tones[index]) and _may_join(before.text, word.text):
            joined[-1] = Word(before.text + word.text, before.tag)
            free = False
        else:
            joined.append(word)
            free = True
    return joined


def _may_join(before: str, after: str) -> bool:
    repeated = len(before) == 2 and before[0] == before[1]
    return not repeated and len(before) + len(after) <= 3


def _join_er(words: list[Word]) -> list[Word]:
    joined: list[Word] = []
    for word in words:
        if joined and word.text == "儿":
            joined[-1] = Word(joined[-1].text + "儿", joined[-1].tag)
        else:
            joined.append(word)
    return joined
