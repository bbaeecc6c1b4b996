"""Dates and times as Mandarin says them."""

from __future__ import annotations

from re import Match

from tts_core.frontend.chinese.cardinals import say_number
from tts_core.frontend.han import say_digits
from tts_core.frontend.rules import FIRST, Rule, rule

_LONG_AGO = 50  # 97年 is a year's name, 20年 a span of time
_DAY = r"0?[1-9]|[12]\d|3[01]"
_YEAR = r"(?:1[5-9]|20)\d\d"


def _date(match: Match[str]) -> str:
    year, _, month, day = match.groups()
    return f"{say_digits(year)}年{say_number(month)}月{say_number(day)}日"


def _year(match: Match[str]) -> str:
    digits = match[1]
    number = int(digits)
    if len(digits) == 4:
        named = 1000 < number < 3000 and (number % 100 or number in (1900, 2000))
    else:
        named = digits[0] == "0" or number >= _LONG_AGO or match[2] is not None
    return say_digits(digits) if named else say_number(digits)


def _time(match: Match[str]) -> str:
    hours, minutes, seconds = match.groups()
    spoken = ("两" if int(hours) == 2 else say_number(hours)) + "点"
    if minutes == "30" and not seconds:
        return spoken + "半"
    if int(minutes) or seconds:
        spoken += ("零" if minutes[0] == "0" and int(minutes) else "") + say_number(minutes) + "分"
    return spoken + (say_number(seconds) + "秒" if seconds and int(seconds) else "")


DATES: tuple[Rule, ...] = (
    rule(rf"(?<![\d./-])({_YEAR})([-/.])(0?[1-9]|1[0-2])\2({_DAY})(?:日|号)?(?!\d|[-/.]\d)", _date),
    rule(
        r"(?<![\d./-])((?:19|20)\d\d)[-/](\d\d)(?=赛季|賽季|年度|财年|財年|学年|學年)",
        lambda m: f"{say_digits(m[1])}到{say_digits(m[2])}",
    ),
    rule(r"(?<=\d[日号號])\s?[-~]\s?(?=(?:\d{1,2}月)?\d{1,2}[日号號])", "到"),
    rule(r"(?<=日)T(?=\d\d:\d\d)", ","),
    rule(r"(?<=:\d\d)(?:\.\d{1,9})?Z(?![A-Za-z])", ""),
    rule(
        rf"(?<![\d.-])({_YEAR})年?\s?[-~]\s?({_YEAR})(?!\d|[.-]\d)",
        lambda m: f"{say_digits(m[1])}到{say_digits(m[2])}",
    ),
    rule(r"(?<!\d)\d0(?=年代)", lambda m: say_number(m[0]) if m[0] != "00" else "零零"),
    rule(rf"{FIRST}(\d{{4}}|\d{{2}})(?=年(\d{{1,2}}月)?)", _year),
    rule(r"(?<!\d)([5-9][05]|[01]0|05)(?=后(?![\d天年月日]))", lambda m: say_digits(m[1])),
)
TIMES: tuple[Rule, ...] = (
    rule(r"(?<=:\d\d)\s?[-~]\s?(?=\d\d?:\d\d)", "到"),
    rule(r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?!\d|:\d)", _time),
    rule(
        r"(?<![\d:.])(\d{1,6}):(\d{1,6})(?![\d:]|\.\d)",
        lambda m: f"{say_number(m[1])}比{say_number(m[2])}",
    ),
    rule(
        r"(?<![\d-])(\d{1,3})-(\d{1,3})(?=战胜|击败|取胜|获胜|逆转|落后|领先|大胜|险胜|战平)",
        lambda m: f"{say_number(m[1])}比{say_number(m[2])}",
    ),
)
