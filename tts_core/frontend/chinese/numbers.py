"""Numbers as Mandarin says them."""

from __future__ import annotations

import re
from collections.abc import Callable
from re import Match

from tts_core.frontend.han import DIGITS, say_group

_GROUPS = ("", "万", "亿", "万亿", "亿亿")
_MAX_CARDINAL_DIGITS = 4 * len(_GROUPS)
_NUMBER = r"\d+(?:\.\d+)?"
_COUNTED = (
    "个只本条张块元角毛分年月日号天岁人位次遍台架部件家户口头匹辆双对层楼页章节课篇首句字"
    "米斤克吨升里秒时点周名种项万亿"
)
_PAIRED = "个只本条张块位次遍台架部件家双对种天年岁"


def say_digits(digits: str, *, one: str = "一") -> str:
    """Read digit by digit; `one` is 幺 in telephone and room numbers."""
    return "".join(one if digit == "1" else DIGITS[int(digit)] for digit in digits)


def say_number(number: str) -> str:
    """Read a cardinal or decimal, such as "105" or "3.50"."""
    whole, _, decimals = number.partition(".")
    if len(whole.lstrip("0")) > _MAX_CARDINAL_DIGITS:
        spoken = say_digits(whole)
    else:
        spoken = _say_cardinal(whole.lstrip("0"))
    return spoken + ("点" + say_digits(decimals) if decimals else "")


def _say_cardinal(digits: str) -> str:
    if not digits:
        return "零"
    padded = digits.zfill(-(-len(digits) // 4) * 4)
    groups = [padded[index : index + 4] for index in range(0, len(padded), 4)]
    spoken = ""
    for group, name in zip(groups, reversed(_GROUPS[: len(groups)]), strict=True):
        if int(group):
            gap = "零" if spoken and group[0] == "0" and not spoken.endswith("零") else ""
            spoken += gap + say_group(group) + name
    return spoken.removeprefix("一") if spoken.startswith("一十") else spoken


def _time(match: Match[str]) -> str:
    hours, minutes, seconds = match.groups()
    spoken = say_number(hours) + "点"
    if minutes == "30" and not seconds:
        return spoken + "半"
    if int(minutes) or seconds:
        spoken += ("零" if minutes[0] == "0" else "") + say_number(minutes) + "分"
    return spoken + (say_number(seconds) + "秒" if seconds else "")


def _signed(sign: str, number: str, word: str = "负") -> str:
    return (word if sign else "") + say_number(number)


def _counted(match: Match[str]) -> str:
    number, unit = match.groups()
    return ("两" if number == "2" and unit in _PAIRED else say_number(number)) + unit


def _plain(match: Match[str]) -> str:
    number = match[0]
    return say_digits(number, one="幺") if len(number) > 2 else say_number(number)


# In order: what a rule has read is Chinese and of no interest to the rules after it. A rule begins where a
# number begins, or it would try every digit of a long one.
_RULES: tuple[tuple[re.Pattern[str], Callable[[Match[str]], str]], ...] = (
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))|(?<=\d),(?=\d{3},)"), lambda _: ""),
    (re.compile(r"(?<!\d)(\d{4}|\d{2})(?=年)"), lambda m: say_digits(m[1])),
    (re.compile(r"(?<!\d)(\d{1,2}):([0-5]\d)(?::([0-5]\d))?(?!\d)"), _time),
    (re.compile(r"(?<=\d%)[-~](?=\d)"), lambda _: "到"),
    (
        re.compile(rf"(?<![\d.-])({_NUMBER})[-~]({_NUMBER})(?![\d-])"),
        lambda m: f"{say_number(m[1])}到{say_number(m[2])}",
    ),
    (
        re.compile(rf"(?<![\d.])(-?)({_NUMBER})(?:°C|℃|(摄氏)?度)"),
        lambda m: _signed(m[1], m[2], "零下") + (m[3] or "") + "度",
    ),
    (
        re.compile(rf"(?<![\d.])(-?)({_NUMBER})%"),
        lambda m: ("负" if m[1] else "") + "百分之" + say_number(m[2]),
    ),
    (re.compile(r"(?<![\d/])(\d+)/(\d+)(?![\d/])"), lambda m: say_number(m[2]) + "分之" + say_number(m[1])),
    (re.compile(rf"[￥¥]({_NUMBER})元?"), lambda m: say_number(m[1]) + "元"),
    (re.compile(r"(?<![\d.])\d+(?:\.\d+){2,}"), lambda m: "点".join(map(say_digits, m[0].split(".")))),
    (re.compile(r"(?<![\dA-Za-z])-(?=\d)"), lambda _: "负"),
    (re.compile(r"(?<!\d)\d+\.\d+"), lambda m: say_number(m[0])),
    (re.compile(rf"(?<!\d)(\d+)([{_COUNTED}])"), _counted),
    (re.compile(r"\d+"), _plain),
)


def say_numbers(text: str) -> str:
    """Replace every number of ASCII digits by its reading."""
    for pattern, reading in _RULES:
        text = pattern.sub(reading, text)
    return text
