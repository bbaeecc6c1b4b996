"""Numbers as English says them, by what stands around them."""

from __future__ import annotations

import re
from re import Match

from tts_core.frontend.english.addresses import TELEPHONES
from tts_core.frontend.english.cardinals import (
    say_cardinal,
    say_digits,
    say_number,
    say_ordinal,
    say_whole,
    say_year,
)
from tts_core.frontend.english.dates import DATES, TIMES, YEARS
from tts_core.frontend.english.money import MONEY
from tts_core.frontend.english.signs import POWERS
from tts_core.frontend.english.units import UNITS
from tts_core.frontend.rules import FIRST, NUMBER, Rule, apply, rule

_IDIOMS = {"24/7": "twenty-four seven", "9/11": "nine eleven", "50/50": "fifty fifty"}
_RATED = (5, 10, 100)
_MAX_NAMED_PART = 100
# What stands before a year, and what follows a year though it looks like the plural of something counted.
_BEFORE_YEAR = re.compile(
    r"(?:\b(?:in|since|by|until|till|from|of|the|year|before|after|during|around|circa|for|to|and|through|early"
    r"|late|mid|summer|spring|autumn|fall|winter|[A-Z]{1,3})|\()[ -]?$",
)
_COUNTED = re.compile(
    r" (?!is |was |has |as |this |its |us |does |thus |plus |minus |times |versus )[a-z]+s\b"
)


def _range(match: Match[str]) -> str:
    first, last = match.groups()
    small = len(first) <= 2 and len(last) <= 2
    if small or float(first.replace(",", "")) < float(last.replace(",", "")):
        return f"{first} to {last}"
    return f"{first} {last}"


def _fraction(match: Match[str]) -> str:
    if match[0] in _IDIOMS:
        return _IDIOMS[match[0]]
    above, below = int(match[1]), int(match[2])
    if (below in _RATED[1:] or (above >= 10 and below >= 100)) and above <= below:
        return f"{say_cardinal(above)} out of {say_cardinal(below)}"
    if below < 2 or (below > _MAX_NAMED_PART and below % 100):
        return f"{say_cardinal(above)} over {say_cardinal(below)}"
    return _parts(above, below)


def _parts(above: int, below: int) -> str:
    name = "half" if below == 2 else say_ordinal(below)
    many = "halves" if below == 2 else name + "s"
    return f"{say_cardinal(above)} {name if above == 1 else many}"


def _mixed(match: Match[str]) -> str:
    return f"{say_cardinal(int(match[1]))} and {_parts(int(match[2]), int(match[3]))}"


def _plain(match: Match[str]) -> str:
    digits = match[0]
    if len(digits) != 4 or digits[0] == "0":
        return say_whole(digits)
    counted = _COUNTED.match(match.string, match.end())
    if counted and not _BEFORE_YEAR.search(match.string, max(0, match.start() - 12), match.start()):
        return say_whole(digits)
    return say_year(int(digits))


_AROUND: tuple[Rule, ...] = (
    rule(r"(?<=%)\s?[-–~]\s?(?=\d)", " to "),
    rule(rf"(?<![\w.,/-])({NUMBER})\s?[-–~]\s?({NUMBER})(?![\d/-]|[.,]\d)", _range),
    rule(r"(?<![\d.,/])(\d{1,9}) (?:and )?(\d{1,2})/(\d{1,2})(?![\d/]|\.\d)", _mixed),
    rule(r"(?<![\d.,/])(\d{1,3}\.\d{1,3})/(\d{1,3})(?![\d/]|\.\d)", r"\1 out of \2"),
    rule(r"(?<![\d.,/])(\d{1,9})/(\d{1,4})(?![\d/]|\.\d)", _fraction),
    rule(r"(?<![\d.,:])(\d{1,4}):(\d{1,4})(?![\d:]|\.\d)", r"\1 to \2"),
    rule(r"(?<![\w.)^])[-−](?=\.?\d)", "negative "),
    rule(r"(?<![\w)^])\+(?=\.?\d)", "plus "),
)
_PLAIN: tuple[Rule, ...] = (
    rule(
        rf"{FIRST}(\d{{1,3}}(?:,\d{{3}}){{1,5}}|\d{{1,18}})(?:st|nd|rd|th)\b",
        lambda m: say_ordinal(int(m[1].replace(",", ""))),
        re.I,
    ),
    rule(rf"{FIRST}\d{{1,3}}(?:,\d{{3}})+(?![\d,]*\d)(?:\.\d+)?", lambda m: say_number(m[0])),
    rule(rf"{FIRST}(\d+)\.(\d+)", lambda m: say_number(m[0])),
    rule(r"(?<![\w.])\.(\d+)", lambda m: "point " + say_digits(m[1])),
    rule(rf"{FIRST}(\d{{1,3}})M(?= [a-z]+s\b)", r"\1 million"),
    rule(rf"{FIRST}(\d{{1,3}})B(?= [a-z]+s\b)", r"\1 billion"),
    rule(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " "),
    rule(r"\d+", _plain),
)
_RULES = (*DATES, *TIMES, *TELEPHONES, *YEARS, *MONEY, *_AROUND, *UNITS, *POWERS, *_PLAIN)
_DIGIT = re.compile(r"\d")


def say_numbers(text: str) -> str:
    """Replace every number by its reading."""
    return apply(_RULES, text) if _DIGIT.search(text) else text
