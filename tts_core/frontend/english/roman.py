"""Roman numerals: of monarchs and popes, of chapters and wars."""

from __future__ import annotations

from re import Match

from tts_core.frontend.english.cardinals import say_cardinal, say_ordinal
from tts_core.frontend.rules import Rule, rule

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_MONARCHS = (
    "Henry|Louis|Elizabeth|Charles|George|Edward|James|William|Richard|Philip|Francis|Frederick|Ferdinand"
    "|Nicholas|Alexander|Peter|Catherine|Napoleon|Wilhelm|Otto|Leopold|Joseph|Pius|Leo|Benedict|Gregory|Clement"
    "|Innocent|Urban|Boniface|Paul|John|Harald|Olav|Christian|Gustav|Ramesses|Ptolemy|Darius|Xerxes|Felipe"
    "|Juan Carlos|Mary|Victor Emmanuel|Cosimo|Haakon|Margrethe|Rama|Selim|Murad|Mehmed"
)
_NUMBERED = (
    "Chapter|Part|Volume|Vol\\.|Book|Act|Scene|Section|Article|Appendix|Phase|Type|Level|Class|Grade|Stage"
    "|Title|Schedule|Group|World War|Super Bowl|Episode|Division|Tier|Category|Factor|Table|Figure"
    "|Unit|Lesson|Apollo|Mark|Amendment"
)
# Two letters and more; one letter is a word or an initial far more often.
_NUMERAL = r"(?=[IVX]{2,5}\b)(?:X{0,3})(?:IX|IV|V?I{0,3})"
_ANY_NUMERAL = r"(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
# What follows a monarch's number, where it is a single letter.
_REGNAL_END = r"(?=[.,;:?!)’']|\s(?:of|was|and|who|became|reigned|died|ruled|had|is)\b|$)"
_NO_NAMES = (
    r"(?<!\bThe)(?<!\bAn)(?<!\bA)(?<!\bThis)(?<!\bHer)(?<!\bHis)(?<!\bMy)(?<!\bAnd)(?<!\bIn)(?<!\bUse)"
)


def value_of(numeral: str) -> int:
    """Return what a numeral of the letters I, V, X, L and C stands for."""
    total = 0
    for letter, following in zip(numeral, numeral[1:] + "I", strict=True):
        value = _VALUES[letter]
        total += -value if value < _VALUES[following] else value
    return total


def _ordinal(match: Match[str]) -> str:
    return f"{match[1]} the {say_ordinal(value_of(match[2]))}"


def _cardinal(match: Match[str]) -> str:
    return f"{match[1]} {say_cardinal(value_of(match[2]))}"


ROMAN: tuple[Rule, ...] = (
    rule(r"\bWW ?(II?|[12])\b", lambda m: f"World War {'one' if m[1] in ('I', '1') else 'two'}"),
    rule(rf"\b({_MONARCHS}) ({_NUMERAL})\b(?!\.\w)", _ordinal),
    rule(rf"\b({_MONARCHS}) ([IV])\b{_REGNAL_END}", _ordinal),
    rule(
        r"\b([IVX]{1,6})(?:th|st|nd|rd)?(?=[ -][Cc]entur(?:y|ies)\b)", lambda m: say_ordinal(value_of(m[1]))
    ),
    rule(rf"\b({_NUMBERED}) ({_ANY_NUMERAL})\b(?![.'’]\w)", _cardinal),
    rule(rf"\b([A-Z][a-z]+){_NO_NAMES} ({_NUMERAL})\b(?![.'’-]\w)", _cardinal),
)
