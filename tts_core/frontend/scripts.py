"""Scripts of a text: stretches of Latin, Han, kana, Hangul and digits, and the runs that they make."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

HAN = "han"
DIGITS = "digits"
# Chinese says its own digits before a letter (四K, 五G); Japanese and Korean say English ones.
_SAYS_DIGITS = frozenset(("zh", "yue"))
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# What has no name here (spaces, marks, other scripts) goes with what stands before it; so does the C of 20°C.
_STRETCH = re.compile(
    r"(?P<en>(?!(?<=°)[CF](?![A-Za-z]))[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]+)"
    r"|(?P<han>[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+)"
    r"|(?P<ja>[\u3005\u3006\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]+)"
    r"|(?P<ko>[\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff\uffa1-\uffdc]+)"
    r"|(?P<digits>\d+(?:[.,:/-]\d+)*|[\u2460-\u2487])"
)
_BESIDE_DIGIT = re.compile(r"(?<=\d)|(?<=\d )|(?<=\d%)|[A-Za-z]+\$?\d")
_MARK = re.compile(r"[,.!?;。、…\n]")
_SUM = re.compile(r"\s?[+*/^=×÷]\s?")
_CIRCLED = frozenset(map(chr, range(0x2460, 0x2488)))  # they number items, whatever words these begin with
_GRADE = re.compile("[A-Z]")

ReadsLatin = Callable[[str], "re.Pattern[str] | None"]
"""From a language to a pattern of Latin letters that it reads itself, such as km after a digit."""


class Run(NamedTuple):
    """A stretch of text in one language."""

    language: str
    text: str


class Stretch(NamedTuple):
    """Letters or digits of one script.

    Attributes:
        kind: "en" for Latin, "ja" for kana, "ko" for Hangul, `HAN`, `DIGITS`, or, once decided, a language.
        start: index of its first character in the text.
        end: index after its last.
    """

    kind: str
    start: int
    end: int


def folded(text: str) -> str:
    """Return the text with plain letters and marks for full-width ones, of the same length."""
    return text.translate(_FULL_WIDTH)


def stretches(text: str) -> list[Stretch]:
    """Return the letters and digits of a folded text, in order."""
    return [Stretch(match.lastgroup or "", *match.span()) for match in _STRETCH.finditer(text)]


def keep_units(text: str, found: Sequence[Stretch], default: str, reads_latin: ReadsLatin) -> list[Stretch]:
    """Give Latin letters beside digits to the language around them where that reads them itself.

    Args:
        text: folded.
        found: its stretches, Han ones decided.
        default: what a text without other letters is read in.
        reads_latin: tells what each language reads.
    """
    around = _Around(text, found, ("en", DIGITS))
    kept: list[Stretch] = []
    covered = 0
    for index, stretch in enumerate(found):
        if stretch.kind == "en" and _BESIDE_DIGIT.match(text, stretch.start):
            own = around.language(index) or default
            pattern = reads_latin(own)
            match = pattern.match(text, stretch.start) if pattern else None
            covered = match.end() if match else covered
            stretch = stretch._replace(kind=own) if match else stretch
        elif stretch.end <= covered:  # the hour of km/h
            stretch = stretch._replace(kind=kept[-1].kind)
        kept.append(stretch)
    return kept


def read_digits(text: str, found: Sequence[Stretch], default: str) -> list[Stretch]:
    """Give digits to the language around them, and where there is none to `default`."""
    around = _Around(text, found, (DIGITS,))
    around_all = _Around(text, found, ("en", DIGITS))
    read: list[Stretch] = []
    for index, stretch in enumerate(found):
        if stretch.kind == DIGITS:
            own = around_all.language(index) if text[stretch.start] in _CIRCLED else ""
            own = own or _in_sum(text, read, stretch) or _beside_letters(text, found, index)
            stretch = stretch._replace(kind=own or around.language(index) or default)
        read.append(stretch)
    return read


def _in_sum(text: str, read: Sequence[Stretch], stretch: Stretch) -> str:
    """Return "en" for the digits of a formula that goes on from a letter: x + 5 = 20."""
    if not read or read[-1].kind != "en":
        return ""
    last = read[-1]
    is_term = last.end - last.start == 1 or text[last.start].isdigit()
    return "en" if is_term and _SUM.fullmatch(text, last.end, stretch.start) else ""


def _beside_letters(text: str, found: Sequence[Stretch], index: int) -> str:
    """Return what digits are read in by the letters they touch: 2nd is English, 5A景区 Chinese."""
    following = found[index + 1 : index + 3]
    if not following or following[0].kind != "en" or following[0].start != found[index].end:
        return ""
    letters, after = following[0], following[-1]
    if text[letters.start].islower():
        return "en"
    touches = after.start == letters.end and after.kind in _SAYS_DIGITS
    return after.kind if touches and _GRADE.fullmatch(text, letters.start, letters.end) else ""


def runs_of(text: str, found: Sequence[Stretch], default: str) -> list[Run]:
    """Cut `text` into runs which joined are the text; all of it is in `default` where nothing was found."""
    starts = [0, *(stretch.start for stretch in found[1:]), len(text)]
    kinds = [stretch.kind for stretch in found] or [default]
    cuts = [index for index in range(1, len(kinds)) if kinds[index] != kinds[index - 1]]
    return [
        Run(kinds[first], text[starts[first] : starts[last]])
        for first, last in zip([0, *cuts], [*cuts, len(kinds)], strict=True)
    ]


class _Around:
    """Which language is around a stretch, others of some kinds looked through."""

    def __init__(self, text: str, found: Sequence[Stretch], skipped: tuple[str, ...]) -> None:
        self._found = found
        self._marks = [match.start() for match in _MARK.finditer(text)]
        self._before = _nearest(found, range(len(found)), skipped)
        self._after = _nearest(found, range(len(found) - 1, -1, -1), skipped)

    def language(self, index: int) -> str:
        """Return the language on both sides; else that from which no mark parts; else one not English.

        Between two languages other than English the second one counts: a number's counter follows it. ""
        where there are no letters on either side.
        """
        before, after = self._before[index], self._after[index]
        if before is None or after is None or before.kind == after.kind:
            side = before or after
            return side.kind if side else ""
        stretch = self._found[index]
        parted = self._is_parted(before.end, stretch.start)
        if parted != self._is_parted(stretch.end, after.start):
            return after.kind if parted else before.kind
        return before.kind if after.kind == "en" else after.kind

    def _is_parted(self, start: int, end: int) -> bool:
        return bisect.bisect_left(self._marks, end) > bisect.bisect_left(self._marks, start)


def _nearest(found: Sequence[Stretch], order: range, skipped: tuple[str, ...]) -> list[Stretch | None]:
    """Return for each index the last stretch up to it, in this order, that isn't skipped."""
    nearest: list[Stretch | None] = [None] * len(found)
    last: Stretch | None = None
    for index in order:
        last = last if found[index].kind in skipped else found[index]
        nearest[index] = last
    return nearest
