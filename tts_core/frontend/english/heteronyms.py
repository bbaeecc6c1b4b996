"""Words of two sounds that no part of speech tells apart: lead and lead, live and live, wind and wind.

The table is heteronyms.tsv: a word's rows in order, each with the words that have to stand before and after.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from tts_core.frontend.english.data import own_lines

_SKIPPED = re.compile("not|never|also|always|often|just|really|still|now|even|[a-z]+ly")
_ANY = "-"
_NOTHING = re.compile(r"[.,?!\-']")


class Row(NamedTuple):
    """One reading: its phones, and what the words around it have to match in full; "-" is any."""

    phones: tuple[str, ...]
    before: str
    after: str


@functools.cache
def load_heteronyms() -> dict[str, tuple[Row, ...]]:
    """Read the table."""
    found: dict[str, tuple[Row, ...]] = {}
    for line in own_lines("heteronyms.tsv"):
        word, phones, before, after = line.split("\t")
        found[word] = (*found.get(word, ()), Row(tuple(phones.split()), before, after))
    return found


def choose(rows: Sequence[Row], tokens: Sequence[str], index: int) -> tuple[str, ...]:
    """Return the phones of the first row that fits the sentence.

    Args:
        rows: those of the word.
        tokens: the sentence's words, in lower case, and its punctuation marks.
        index: where the word stands.
    """
    before = index - 1
    while before >= 0 and _SKIPPED.fullmatch(tokens[before]):
        before -= 1
    previous = _word(tokens[before]) if before >= 0 else ""
    following = _word(tokens[index + 1]) if index + 1 < len(tokens) else ""
    for row in rows:
        if _fits(row.before, previous) and _fits(row.after, following):
            return row.phones
    return rows[-1].phones


def _word(token: str) -> str:
    return "" if _NOTHING.fullmatch(token) else token


def _fits(pattern: str, word: str) -> bool:
    return pattern == _ANY or (bool(word) and re.fullmatch(pattern, word) is not None)
