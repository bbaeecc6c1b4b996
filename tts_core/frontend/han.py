"""Numerals, the same in every language that counts in Han characters by ten thousands."""

from __future__ import annotations

from collections.abc import Sequence

DIGITS = "零一二三四五六七八九"
_PLACES = ("千", "百", "十", "")


def say_digits(digits: str, *, one: str = "一") -> str:
    """Read digit by digit; `one` is 幺 in telephone and room numbers."""
    return "".join(one if int(digit) == 1 else DIGITS[int(digit)] for digit in digits)


def say_cardinal(digits: str, names: Sequence[str]) -> str:
    """Read a whole number other than zero, its first digit not zero.

    Args:
        names: of groups of four digits, the last one first: "", 万, 亿, 万亿, ...
    """
    padded = digits.zfill(-(-len(digits) // 4) * 4)
    groups = [padded[index : index + 4] for index in range(0, len(padded), 4)]
    spoken, skipped = "", False
    for group, name in zip(groups, reversed(names[: len(groups)]), strict=True):
        if int(group):
            gap = DIGITS[0] if spoken and (skipped or group[0] == "0") else ""
            # Ten thousand times ten thousand is named once: 一万二千亿, not 一万亿二千亿.
            name = names[1] if name == names[3] and int(groups[-3]) else name
            spoken += gap + say_group(group) + name
        skipped = not int(group)
    return spoken.removeprefix("一") if spoken.startswith("一十") else spoken


def say_group(group: str) -> str:
    """Read up to four digits, "0105" as 一百零五; zeros before the first other digit are the caller's."""
    spoken, skipped = "", False
    for digit, place in zip(group, _PLACES[-len(group) :], strict=True):
        if digit == "0":
            skipped = bool(spoken)
            continue
        spoken += (DIGITS[0] if skipped else "") + DIGITS[int(digit)] + place
        skipped = False
    return spoken
