"""What stands between two spoken characters: a sentence's end, a clause's end, a space, or nothing of weight.

A *gap* is the run of unspeakable characters between two letters or digits. Sentences are only ever cut in
gaps, so no piece of text can end up with nothing to say.
"""

from __future__ import annotations

import enum
import re
import unicodedata

NEWLINES = frozenset("\n\r\v\f\x85\u2028\u2029")
# These end a sentence whatever follows; those of ASCII need more evidence ("3.14", "e.g.", "a?b=c").
HARD_TERMINATORS = frozenset("。！？｡．۔؟।॥։።፧។៕။᠃᠉‼⁇⁈⁉‽⸮")
SOFT_TERMINATORS = frozenset(".!?")
ELLIPSES = frozenset("…⋯‥")
TERMINATORS = HARD_TERMINATORS | SOFT_TERMINATORS | ELLIPSES
HARD_CLAUSES = frozenset("，、；：､،؛፣፤፥၊—–")
SOFT_CLAUSES = frozenset(",;:")
CLAUSES = HARD_CLAUSES | SOFT_CLAUSES
STRAIGHT_QUOTES = frozenset("\"'`＂＇*_~")
_CLOSING_CATEGORIES = frozenset(("Pe", "Pf", "So", "Sk", "Mn", "Mc", "Me", "Cf"))

_NEVER_ENDS = re.compile(
    "mrs?|ms|mx|dr|prof|st|rev|hon|gen|col|capt|cmdr|lt|sgt|maj|gov|sen|rep|messrs|mme|mlle|sra|dra|mt|ft|vs"
    "|cf|viz|al|eg|ie|figs?|eq|vol|pp|approx|dept|bzw|ca"
)
_NOT_BEFORE_NUMBER = re.compile("nos?|nr|art|sec|ch|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec")
_MAY_END = re.compile("etc|inc|ltd|co|corp|jr|sr|bros|usw|a.m|p.m")
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*")
_MAX_ABBREVIATION = 12


class Gap(enum.IntEnum):
    """How strongly a gap invites a cut."""

    NONE = 0
    SPACE = 1
    CLAUSE = 2
    SENTENCE = 3


def is_wide(char: str) -> bool:
    """Tell whether `char` belongs to a script that writes sentences without spaces (Han, kana, Thai, ...)."""
    return unicodedata.category(char) == "Lo" and ("\u0e00" <= char < "\u1100" or char >= "\u2e80")


def classify(text: str, left: int, right: int) -> tuple[Gap, int]:
    """Return the kind of the gap `text[left:right]` and the index at which to cut it.

    `text[left - 1]` and `text[right]` are letters or digits.
    """
    for index in range(right - 1, left - 1, -1):
        if text[index] in NEWLINES:
            return Gap.SENTENCE, _skip(text, index + 1, right, clauses=False)
    mark = next((i for i in range(left, right) if text[i] in TERMINATORS), None)
    if mark is not None:
        cut = _skip(text, mark + 1, right, clauses=True)
        if _ends_sentence(text, mark, right):
            return Gap.SENTENCE, cut
    return _weak_gap(text, left, right)


def _weak_gap(text: str, left: int, right: int) -> tuple[Gap, int]:
    mark = next((i for i in range(left, right) if text[i] in CLAUSES), None)
    if mark is not None and (
        text[mark + 1].isspace() or is_wide(text[right]) or not text[left - 1].isdigit()
    ):
        return Gap.CLAUSE, _skip(text, mark + 1, right, clauses=True)
    for index in range(left, right):
        if text[index].isspace():
            return Gap.SPACE, _skip(text, index, right, clauses=False)
    return Gap.NONE, right


def _skip(text: str, index: int, stop: int, *, clauses: bool) -> int:
    """Move past what belongs to the text on the left: closing marks, further terminators, spaces."""
    while index < stop:
        char = text[index]
        keep = (
            char.isspace()
            or (clauses and (char in TERMINATORS or char in CLAUSES))
            or (char in STRAIGHT_QUOTES and not text[index - 1].isspace())
            or unicodedata.category(char) in _CLOSING_CATEGORIES
        )
        if not keep:
            break
        index += 1
    return index


def _ends_sentence(text: str, mark: int, right: int) -> bool:
    before, after = text[mark - 1], text[right]
    run_end = mark
    while run_end < right and text[run_end] in TERMINATORS:
        run_end += 1
    run = text[mark:run_end]
    spaced = any(char.isspace() for char in text[run_end:right])
    if not HARD_TERMINATORS.isdisjoint(run):
        return not (run == "．" and before.isdigit() and after.isdigit())
    if after.islower() and spaced and (run_end < right and not text[run_end].isspace()):
        return False  # "Stop!" he said.
    if not ELLIPSES.isdisjoint(run) or run.startswith(".."):
        return is_wide(after) or (spaced and not after.islower())
    if run == ".":
        return _full_stop_ends(text, mark, right, spaced=spaced)
    return spaced or is_wide(before) or is_wide(after) or (before.islower() and after.isupper())


def _full_stop_ends(text: str, mark: int, right: int, *, spaced: bool) -> bool:
    before, after = text[mark - 1], text[right]
    if not spaced:
        return is_wide(after) and not before.isdigit()
    if before.isdigit():
        return not _is_list_marker(text, mark)
    return not _is_abbreviation(text, mark, after)


def _is_list_marker(text: str, mark: int) -> bool:
    """Tell whether the full stop at `mark` follows a number that begins its line, as in "2. Stir"."""
    start = mark
    while start > 0 and text[start - 1].isdigit() and mark - start <= 3:
        start -= 1
    while start > 0 and text[start - 1] in " \t":
        start -= 1
    return mark - start <= _MAX_ABBREVIATION and (start == 0 or text[start - 1] in NEWLINES)


def _is_abbreviation(text: str, mark: int, after: str) -> bool:
    start = mark
    while start > 0 and (text[start - 1].isalpha() or text[start - 1] == "."):
        start -= 1
        if mark - start > _MAX_ABBREVIATION:
            return False
    word = text[start:mark].lstrip(".")
    lowered = word.lower()
    if _MAY_END.fullmatch(lowered):
        return not after.isupper()
    if _NOT_BEFORE_NUMBER.fullmatch(lowered):
        return after.isdigit()
    if _NEVER_ENDS.fullmatch(lowered):
        return True
    cased = lowered != word.upper()
    return cased and word != "I" and _INITIALS.fullmatch(word) is not None
