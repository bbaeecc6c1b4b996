"""Numbers as English says them."""

from __future__ import annotations

import re
from collections.abc import Callable
from re import Match

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
_ONES = _SMALL.split()
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", " thousand", " million", " billion", " trillion", " quadrillion", " quintillion")
_MAX_CARDINAL = 1000 ** len(_SCALES)
_IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "pence")}
_UNITS = {"°C": "degree celsius", "°F": "degree fahrenheit", "km/h": "kilometer per hour", "km": "kilometer"}
_UNITS |= {"kg": "kilogram", "cm": "centimeter", "mm": "millimeter", "m": "meter", "s": "second", "h": "hour"}
_LAST_WORD = re.compile(r"[a-z]+$")


def say_cardinal(number: int) -> str:
    """Read a whole number: "one thousand, two hundred thirty-four"; by its digits beyond the quintillions."""
    if number >= _MAX_CARDINAL:
        return say_digits(str(number))
    if number == 0:
        return _ONES[0]
    groups = []
    for scale in _SCALES:
        number, group = divmod(number, 1000)
        if group:
            groups.append(_say_group(group) + scale)
    return ", ".join(reversed(groups))


def _say_group(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest:
        words.append(_say_below_hundred(rest))
    return " ".join(words)


def _say_below_hundred(number: int) -> str:
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def say_digits(digits: str) -> str:
    """Read digit by digit."""
    return " ".join(_ONES[int(digit)] for digit in digits)


def say_ordinal(number: int) -> str:
    """Read an ordinal: "twenty-third"."""
    return _LAST_WORD.sub(lambda match: _ordinal_word(match[0]), say_cardinal(number))


def _ordinal_word(word: str) -> str:
    if word in _IRREGULAR_ORDINALS:
        return _IRREGULAR_ORDINALS[word]
    return word[:-1] + "ieth" if word.endswith("y") else word + "th"


def say_year(number: int) -> str:
    """Read a number as a year is read: "nineteen oh five", "twenty twenty-four", "two thousand seven"."""
    century, rest = divmod(number, 100)
    if not 1000 < number < 3000 or number == 2000:
        return say_cardinal(number)
    if 2000 < number < 2010:
        return f"two thousand {_ONES[rest]}"
    if rest == 0:
        return f"{_say_below_hundred(century)} hundred"
    oh = "oh " if rest < 10 else ""
    return f"{_say_below_hundred(century)} {oh}{_say_below_hundred(rest)}"


def _say_integer(digits: str) -> str:
    if len(digits) > 21 or (len(digits) > 1 and digits[0] == "0"):
        return say_digits(digits)
    return say_year(int(digits))


def _counted(amount: str, unit: str) -> str:
    first, _, rest = unit.partition(" ")
    plural = first if amount == "1" or first == "pence" else first + "s"
    return f"{amount} {plural} {rest}".rstrip()


def _money(match: Match[str]) -> str:
    unit, small_unit = _CURRENCIES[match[1]]
    whole, small = match[2], (match[3] or "").ljust(2, "0")
    parts = [_counted(whole, unit)] if int(whole) or not int(small) else []
    if int(small):
        parts.append(
            "one penny"
            if small_unit == "pence" and int(small) == 1
            else _counted(str(int(small)), small_unit)
        )
    return " and ".join(parts)


def _time(match: Match[str]) -> str:
    hours, minutes = int(match[1]), int(match[2])
    if not minutes:
        return say_cardinal(hours) + ("" if match[3] else " o'clock")
    return f"{say_cardinal(hours)} {'oh ' if minutes < 10 else ''}{say_cardinal(minutes)}"


def _fraction(match: Match[str]) -> str:
    above, below = int(match[1]), int(match[2])
    name = "half" if below == 2 else say_ordinal(below)
    plural = "halves" if below == 2 else name + "s"
    return f"{say_cardinal(above)} {name if above == 1 else plural}"


_UNIT_NAMES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
# In order: what a rule has read has no digits left for the rules after it. A rule begins where a number
# begins, or it would try every digit of a long one.
_RULES: tuple[tuple[re.Pattern[str], Callable[[Match[str]], str]], ...] = (
    (
        re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,]|\.\d)"),
        lambda m: say_cardinal(int(m[0].replace(",", ""))),
    ),
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))"), lambda _: ""),
    (re.compile(r"([$€£])(\d{1,18})(?:\.(\d{1,2})(?!\d))?"), _money),
    (re.compile(r"(?<!\d)([01]?\d|2[0-3]):([0-5]\d)(?!\d)(?=(\s*[AaPp]\.?[Mm]\b)?)"), _time),
    (re.compile(r"(?<!\d)((?:1\d|20)\d0)s\b"), lambda m: (say_year(int(m[1])) + "s").replace("ys", "ies")),
    (
        re.compile(rf"(?<![\d.])(\d+(?:\.\d+)?)\s?({_UNIT_NAMES})(?![A-Za-z])"),
        lambda m: _counted(m[1], _UNITS[m[2]]),
    ),
    (re.compile(r"(?<![\d.])(\d{1,9})/(\d{1,4})(?![\d/]|\.\d)"), _fraction),
    (re.compile(r"(?<![\w)])[-−](?=\d)"), lambda _: "negative "),
    (re.compile(r"(?<!\d)(\d+)\.(\d+)"), lambda m: f"{_say_integer(m[1])} point {say_digits(m[2])}"),
    (re.compile(r"(\d{1,18})(?:st|nd|rd|th)\b"), lambda m: say_ordinal(int(m[1]))),
    (re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"), lambda _: " "),
    (re.compile(r"\d+"), lambda m: _say_integer(m[0])),
)


def say_numbers(text: str) -> str:
    """Replace every number by its reading."""
    for pattern, reading in _RULES:
        text = pattern.sub(reading, text)
    return text
