"""Numbers as Korean says them: Sino-Korean (일, 이, 삼) and native (하나, 둘, 셋)."""

from __future__ import annotations

_DIGITS = "영일이삼사오육칠팔구"
_PLACES = ("", "십", "백", "천")
_GROUPS = ("", "만", "억", "조", "경")
_MAX_DIGITS = 4 * len(_GROUPS)
_NATIVE_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_MAX_NATIVE = 99
POINT = "쩜"


def say_digits(digits: str, *, zero: str = "공") -> str:
    """Read digit by digit; 0 is 공 in telephone and other numbers that count nothing, 영 after a point."""
    return "".join(zero if digit == "0" else _DIGITS[int(digit)] for digit in digits)


def say_sino(number: str) -> str:
    """Read a whole number or decimal, "12345" or "3.50"; digit by digit where a zero leads or words end."""
    whole, _, decimals = number.partition(".")
    if len(whole) > _MAX_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        spoken = say_digits(whole)
    else:
        spoken = _say_whole(whole)
    return spoken + (POINT + say_digits(decimals, zero="영") if decimals else "")


def _say_whole(digits: str) -> str:
    if digits == "0":
        return _DIGITS[0]
    padded = digits.zfill(-(-len(digits) // 4) * 4)
    groups = [padded[index : index + 4] for index in range(0, len(padded), 4)]
    spoken = [
        _say_group(group) + name
        for group, name in zip(groups, reversed(_GROUPS[: len(groups)]), strict=True)
        if int(group)
    ]
    if spoken[0] == "일만":
        spoken[0] = "만"
    return " ".join(spoken)


def _say_group(group: str) -> str:
    spoken = ""
    for digit, place in zip(group, reversed(_PLACES), strict=True):
        if digit != "0":
            spoken += ("" if digit == "1" and place else _DIGITS[int(digit)]) + place
    return spoken


def say_native(number: str) -> str:
    """Read a number as it stands before what it counts: 한, 스무, 스물한; Sino-Korean from 100 on."""
    if "." in number or len(number) > 2 or not 0 < int(number) <= _MAX_NATIVE:
        return say_sino(number)
    if int(number) == 20:
        return "스무"
    tens, ones = divmod(int(number), 10)
    return _NATIVE_TENS[tens] + _NATIVE_ONES[ones]


def say_ordinal(number: str) -> str:
    """Read the number of a 번째: 첫 번째, 두 번째, 스물한 번째."""
    return "첫" if number == "1" else say_native(number)
