"""Which language Han characters are in, where a text of several languages doesn't say.

Three kinds of evidence, strongest first. Characters: a language's own character set tells what it can't
write (Shift JIS has no 你, GB 2312 and Big5 no 駅), and some words are Chinese whatever is around them.
Kana or Hangul in the same clause. The nearest clause about which one of these is known, in the sentence if
there is one. What remains is in the default language.

A *clause* ends at a mark; words in quotation marks or brackets are a clause of their own, and the clause
around them goes on after them.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Sequence

from tts_core.frontend.gaps import CLAUSES, ELLIPSES, NEWLINES, TERMINATORS
from tts_core.frontend.scripts import HAN, Stretch

CHINESE = "zh"
_CODECS = {"ja": "cp932", "ko": "euc_kr"}
_CHINESE_CODECS = ("gb2312", "big5")
_OPENING, _CLOSING = "「『《〈【〔（([{“‘«", "」』》〉】〕）)]}”’»"
_ENDS = "".join(sorted(TERMINATORS | CLAUSES | ELLIPSES | NEWLINES))
_BOUNDARY = re.compile("[" + re.escape(_ENDS + _OPENING + _CLOSING) + '"]')
_SENTENCE_ENDS = frozenset("。！？!?｡.") | NEWLINES
_MAX_DEPTH = 8
# Words that are Chinese beside kana too; 這 and 我 could be the beginnings of Japanese words there.
_CHINESE_WORD = re.compile(
    r"[很呢吧啊哪个們麼沒]|唔(?:好|係|該|使)|[即都就仲真]係|我(?:是|的|要|想|在|有|去|叫|用|爱|愛)|(?:[他不就也]|都|才|可|還)是|也有|這."
    r"|叫[做作]|[喊問答說]道|非常[好多大]"
)
# Chinese where no kana is near: 我が and 是が are Japanese.
_CHINESE_ALONE = re.compile(
    r"(?<![自無忘彼])我(?![慢々流儘])|是(?![非正認])|也|(?<!自)他(?=[说說在會会要有])|了$"
)


@dataclasses.dataclass
class _Clause:
    """What is known of a clause."""

    sentence: int
    scripts: set[str] = dataclasses.field(default_factory=set)
    han: list[str] = dataclasses.field(default_factory=list)

    def language(self) -> str | None:
        written = next((script for script in ("ja", "ko") if script in self.scripts), None)
        if any(is_chinese(chars, written) for chars in self.han):
            return CHINESE
        return written or ("ja" if any(map(is_japanese, "".join(self.han))) else None)


def decide_han(text: str, found: Sequence[Stretch], default: str) -> list[Stretch]:
    """Return the stretches, those of Han characters with the language they are in.

    Args:
        text: folded.
        found: its stretches.
        default: what is read of which nothing is known: "zh", "yue" or "ja". Chinese is "zh" beside "ja".
    """
    clauses, clause_of = _clauses(text, found)
    languages = _inherited([clause.language() for clause in clauses], [clause.sentence for clause in clauses])
    decided: list[Stretch] = []
    for stretch, index in zip(found, clause_of, strict=True):
        if stretch.kind == HAN:
            chars = text[stretch.start : stretch.end]
            stretch = stretch._replace(kind=_language_of(chars, languages[index], default))
        decided.append(stretch)
    return decided


def _language_of(chars: str, of_clause: str | None, default: str) -> str:
    language = of_clause or ("ja" if default == "ja" else CHINESE)
    if language == CHINESE or any(_is_foreign_to(language, char) for char in chars):
        return CHINESE if default == "ja" else default
    return language


def is_chinese(chars: str, beside: str | None) -> bool:
    """Tell whether a row of Han characters can only be Chinese.

    Args:
        chars: characters in a row.
        beside: "ja" or "ko", whose letters stand in the same clause; None where neither does.
    """
    if _CHINESE_WORD.search(chars) or any(_is_foreign_to(beside or "ja", char) for char in chars):
        return True
    return beside is None and _CHINESE_ALONE.search(chars) is not None


@functools.lru_cache(1 << 12)
def is_japanese(char: str) -> bool:
    """Tell whether only Japanese writes this Han character: 駅, 気, 込."""
    return _has(_CODECS["ja"], char) and not any(_has(codec, char) for codec in _CHINESE_CODECS)


@functools.lru_cache(1 << 12)
def _is_foreign_to(language: str, char: str) -> bool:
    return not _has(_CODECS[language], char) and any(_has(codec, char) for codec in _CHINESE_CODECS)


def _has(codec: str, char: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _clauses(text: str, found: Sequence[Stretch]) -> tuple[list[_Clause], list[int]]:
    """Return the clauses and for each stretch the index of its own."""
    clauses = [_Clause(0)]
    open_clauses = [0]
    clause_of: list[int] = []
    position = sentence = 0
    for stretch in found:
        for mark in _BOUNDARY.findall(text, position, stretch.start):
            sentence += mark in _SENTENCE_ENDS
            _step(mark, sentence, clauses, open_clauses)
        position = stretch.end
        clause = clauses[open_clauses[-1]]
        clause.scripts.add(stretch.kind)
        if stretch.kind == HAN:
            clause.han.append(text[stretch.start : stretch.end])
        clause_of.append(open_clauses[-1])
    return clauses, clause_of


def _step(mark: str, sentence: int, clauses: list[_Clause], open_clauses: list[int]) -> None:
    """Close, open or end a clause at a mark."""
    if mark in _CLOSING or (mark == '"' and len(open_clauses) > 1):
        if len(open_clauses) > 1:
            open_clauses.pop()
            return
    elif mark in NEWLINES:
        open_clauses[1:] = []
    if mark not in _OPENING + '"' or len(open_clauses) > _MAX_DEPTH:
        open_clauses.pop()
    clauses.append(_Clause(sentence))
    open_clauses.append(len(clauses) - 1)


def _inherited(languages: Sequence[str | None], sentences: Sequence[int]) -> list[str | None]:
    """Fill what isn't known from the clause before or after it, first within sentences, then across them."""
    filled = list(languages)
    for within in (True, False):
        for order in (range(1, len(filled)), range(len(filled) - 2, -1, -1)):
            for index in order:
                other = index - order.step
                if filled[index] is None and not (within and sentences[index] != sentences[other]):
                    filled[index] = filled[other]
    return filled
