"""Numbers in words, without their surroundings."""

from __future__ import annotations

import re

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
ONES = _SMALL.split()
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", " thousand", " million", " billion", " trillion", " quadrillion", " quintillion")
_MAX_CARDINAL_DIGITS = 3 * len(_SCALES)
_IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_LAST_WORD = re.compile(r"[a-z]+$")


def say_cardinal(number: int) -> str:
    """Read a whole number below 10 to the 21st: "one thousand, two hundred thirty-four"."""
    if number == 0:
        return ONES[0]
    groups = []
    for scale in _SCALES:
        number, group = divmod(number, 1000)
        if group:
            groups.append(_say_group(group) + scale)
    return ", ".join(reversed(groups))


def _say_group(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{ONES[hundreds]} hundred"] if hundreds else []
    if rest:
        words.append(_say_below_hundred(rest))
    return " ".join(words)


def _say_below_hundred(number: int) -> str:
    if number < 20:
        return ONES[number]
    tens, ones = divmod(number, 10)
    return TENS[tens] + (f"-{ONES[ones]}" if ones else "")


def say_digits(digits: str) -> str:
    """Read digit by digit."""
    return " ".join(ONES[int(digit)] for digit in digits)


def say_whole(digits: str) -> str:
    """Read the digits of a cardinal; one by one where zeros lead, or where the words for it end."""
    if len(digits) > _MAX_CARDINAL_DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return say_digits(digits)
    return say_cardinal(int(digits))


def say_number(written: str) -> str:
    """Read a cardinal or decimal, such as "105", "1,234" or "3.50"."""
    whole, _, decimals = written.replace(",", "").partition(".")
    return say_whole(whole or "0") + (f" point {say_digits(decimals)}" if decimals else "")


def say_ordinal(number: int) -> str:
    """Read an ordinal: "twenty-third"."""
    return ordinal_form(say_cardinal(number))


def ordinal_form(cardinal: str) -> str:
    """Return the ordinal of a number in words."""
    return _LAST_WORD.sub(lambda match: _ordinal_word(match[0]), cardinal)


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
        return f"two thousand {ONES[rest]}"
    if rest == 0:
        return f"{_say_below_hundred(century)} hundred"
    oh = "oh " if rest < 10 else ""
    return f"{_say_below_hundred(century)} {oh}{_say_below_hundred(rest)}"


def plural(noun: str) -> str:
    """Return the plural of a name for a number or a unit: "twenties", "inches", "feet"."""
    if noun.endswith("y"):
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "ch", "x")) else "s")
