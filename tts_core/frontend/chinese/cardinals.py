"""Numbers in Chinese characters, without their surroundings."""

from __future__ import annotations

import re

from tts_core.frontend.han import DIGITS, say_group

_GROUPS = ("", "万", "亿", "万亿", "亿亿")
_MAX_CARDINAL_DIGITS = 4 * len(_GROUPS)
# 二百 and 二十, but 两千, 两万, 两亿.
_TWO_FIRST = re.compile("^二(?=[千万亿])")


def say_digits(digits: str, *, one: str = "一") -> str:
    """Read digit by digit; `one` is 幺 in telephone and room numbers."""
    return "".join(one if int(digit) == 1 else DIGITS[int(digit)] for digit in digits)


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
    if not digits:
        return "零"
    padded = digits.zfill(-(-len(digits) // 4) * 4)
    groups = [padded[index : index + 4] for index in range(0, len(padded), 4)]
    spoken, skipped = "", False
    for group, name in zip(groups, reversed(_GROUPS[: len(groups)]), strict=True):
        if int(group):
            gap = "零" if spoken and (skipped or group[0] == "0") else ""
            # Ten thousand times ten thousand is named once: 一万二千亿, not 一万亿二千亿.
            name = "万" if name == "万亿" and int(groups[-3]) else name
            spoken += gap + say_group(group) + name
        skipped = not int(group)
    spoken = spoken.removeprefix("一") if spoken.startswith("一十") else spoken
    return _TWO_FIRST.sub("两", spoken)
