"""Numbers in Chinese characters, without their surroundings."""

from __future__ import annotations

import re

from tts_core.frontend.han import say_cardinal, say_digits

_GROUPS = ("", "万", "亿", "万亿", "亿亿")
_MAX_CARDINAL_DIGITS = 4 * len(_GROUPS)
# 二百 and 二十, but 两千, 两万, 两亿.
_TWO_FIRST = re.compile("^二(?=[千万亿])")


def say_number(number: str) -> str:
    """Read a cardinal or decimal, such as "105", "1,234" or "3.50"."""
    whole, _, decimals = number.replace(",", "").partition(".")
    if len(whole.lstrip("0")) > _MAX_CARDINAL_DIGITS:
        spoken = say_digits(whole)
    else:
        spoken = _say_cardinal(whole.lstrip("0"))
    return spoken + ("点" + say_digits(decimals) if decimals else "")


def say_amount(number: str) -> str:
    """Read a number as `say_number`, without the zeros that end its decimals: 59.90 is 59.9."""
    whole, _, decimals = number.partition(".")
    decimals = decimals.rstrip("0")
    return say_number(f"{whole}.{decimals}" if decimals else whole)


def _say_cardinal(digits: str) -> str:
    return _TWO_FIRST.sub("两", say_cardinal(digits, _GROUPS)) if digits else "零"
