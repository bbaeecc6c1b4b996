"""Numerals of four digits, the same in every language that counts in Han characters by ten thousands."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"
_PLACES = ("千", "百", "十", "")


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
