"""Numbers that Open JTalk wouldn't read as Japanese says them."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from re import Match

from tts_core.frontend.japanese.units import say_units

_DIGITS = ("ゼロ", "イチ", "ニー", "サン", "ヨン", "ゴー", "ロク", "ナナ", "ハチ", "キュー")
_HAN_DIGITS = str.maketrans("〇一二三四五六七八九", "0123456789")
_NUMBER = r"\d+(?:\.\d+)?"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_CURRENCIES = {"¥": "円", "$": "ドル", "€": "ユーロ", "£": "ポンド", "₩": "ウォン"}
_THOUSANDS = {"K": 1000, "M": 1_000_000, "B": 1_000_000_000}
_OPERATORS = str.maketrans(
    {"+": "たす", "-": "ひく", "×": "かける", "*": "かける", "÷": "わる", "/": "わる", "=": "は"}
)
_MAX_DENOMINATOR_WITHOUT_DOUBT = 10


def say_digits(digits: str) -> str:
    """Read digit by digit, each drawn out to two morae, as telephone numbers are."""
    return "".join(_DIGITS[int(digit)] for digit in digits)


def _date(match: Match[str]) -> str:
    year, month, day = match.groups()
    return f"{year}年{int(month)}月{int(day)}日"


def _time(match: Match[str]) -> str:
    hours, minutes, seconds = match.groups()
    spoken = f"{int(hours)}時"
    if int(minutes) or seconds:
        spoken += f"{int(minutes)}分"
    return spoken + (f"{int(seconds)}秒" if seconds else "")


def _digit_groups(match: Match[str]) -> str:
    groups = (say_digits(group) for group in re.findall(r"\d+", match[0]))
    return ("プラス" if match[0].startswith("+") else "") + "、".join(groups)


def _postal_code(match: Match[str]) -> str:
    pause = "、" if match[3] else ""
    return f"郵便番号{say_digits(match[1])}の{say_digits(match[2])}{pause}"


def _amount(match: Match[str]) -> str:
    sign, number, myriads = match.groups()
    if myriads in _THOUSANDS:
        number, myriads = f"{Decimal(number) * _THOUSANDS[myriads]:f}".removesuffix(".0"), ""
    return number + myriads + _CURRENCIES[sign]


def _per(match: Match[str]) -> str:
    return {"月": "、毎月", "年": "、毎年", "日": "、毎日", "人": "、一人あたり"}.get(
        match[1], "、" + match[1] + "あたり"
    )


def _slash(match: Match[str]) -> str:
    """A fraction, or a day of a month; a small denominator tells (2/3, but 12/25)."""
    left, right = int(match[1]), int(match[2])
    could_be_date = 1 <= left <= 12 and 1 <= right <= 31
    is_proper = left < right and (right <= _MAX_DENOMINATOR_WITHOUT_DOUBT or not could_be_date)
    return f"{left}月{right}日" if could_be_date and not is_proper else f"{right}分の{left}"


def _hyphen(match: Match[str]) -> str:
    """From a lower number to a higher one; the other way round it's a score."""
    left, right = match.groups()
    return f"{left}{'から' if float(left) < float(right) else '対'}{right}"


def _long(match: Match[str]) -> str:
    return say_digits(match[0])


# In order: what a rule has put into words is of no interest to the rules after it. A rule begins where a
# number begins, or is bounded, or it would try every digit of a long one.
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[Match[str]], str]], ...] = (
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))"), ""),
    (
        re.compile(
            r"(?<![一二三四五六七八九])[一二三四五六七八九]+〇[〇一二三四五六七八九]*(?![十百千万億])"
        ),
        lambda m: m[0].translate(_HAN_DIGITS),
    ),
    (re.compile(rf"(?<![\d/.-])(\d{{4}})[/.-]({_MONTH})[/.-]({_DAY})(?![\d/.-])"), _date),
    (re.compile(rf"(?<![\d/])((?:19|20)\d\d)/({_MONTH})(?![\d/])"), lambda m: f"{m[1]}年{int(m[2])}月"),
    (
        re.compile(rf"(?<![\d/])({_MONTH})/({_DAY})(?=\([月火水木金土日])"),
        lambda m: f"{int(m[1])}月{int(m[2])}日",
    ),
    (
        re.compile(
            rf"(?<![\d/])({_MONTH})/({_DAY})(?![\d/])"
            r"(?=に?(?:開催|発売|公開|実施|発表|放送|配信|締切|リリース)| ?から| ?[〜~-] ?\d{1,2}/\d)"
        ),
        lambda m: f"{int(m[1])}月{int(m[2])}日",
    ),
    (
        re.compile(rf"(?<=日[〜~-])({_MONTH})/({_DAY})(?![\d/])"),
        lambda m: f"{int(m[1])}月{int(m[2])}日",
    ),
    (re.compile(r"(?<=日)\(([月火水木金土日])(?:曜日?)?\)"), r"、\1曜日"),
    (re.compile(r"(?<!\d)(?<!\d:)(\d{1,2}):([0-5]\d)(?::([0-5]\d))?(?![\d:])"), _time),
    (re.compile(r"(?<=\d):(?=\d)"), "対"),
    (re.compile(r"〒 ?(\d{3})-(\d{4})(?!\d) ?(?=(\w)?)"), _postal_code),
    (re.compile(r"(?<![\d-])(?:\+\d{1,3}-|0)\d{1,4}-\d{1,4}-\d{3,4}(?![\d-])"), _digit_groups),
    (re.compile(r"\(0\d{1,4}\) ?\d{1,4}-\d{4}(?!\d)"), _digit_groups),
    (re.compile(r"(?<![\d.-])\d{1,5}(?:-\d{1,5}){2,4}(?![\d-])"), lambda m: m[0].replace("-", "の")),
    (re.compile(r"(?<![\d.])0(\d)(?=[年月日時分秒])"), r"\1"),
    (re.compile(r"(?<![\d.])(?:0\d{2,}|\d{17,})(?![\d.])"), _long),
    (
        re.compile(
            rf"([¥$€£₩]) ?({_NUMBER})([KMB](?![A-Za-z])|[千万億兆]*)(?:円|ドル|ユーロ|ポンド|ウォン)?"
        ),
        _amount,
    ),
    (re.compile(r"(?<=[円ル])/([月年日人]|時間)"), _per),
    (re.compile(r"(?<![\d.])\d+(?:\.\d+){2,}"), lambda m: m[0].replace(".", "テン")),
    (
        re.compile(rf"(?<![\d.]){_NUMBER}(?: ?[-+×÷*/] ?{_NUMBER}){{1,9}} ?= ?(?:\?|(?={_NUMBER}))"),
        lambda m: m[0].replace(" ", "").translate(_OPERATORS),
    ),
    (re.compile(rf"(?<=\d) ?([+×÷*]) ?(?={_NUMBER})"), lambda m: m[1].translate(_OPERATORS)),
    (re.compile(r"(?<![\d/])(\d{1,5})[/\u2044](\d{1,5})(?![\d/])"), _slash),
    (re.compile(rf"(?<![\d.-])({_NUMBER})-({_NUMBER})(?![\d.-])"), _hyphen),
    (re.compile(r"(?<![\dA-Za-z)-])-(?=\d)"), "マイナス"),
)


def say_numbers(text: str) -> str:
    """Put dates, times, amounts, ranges, fractions, units and telephone numbers into words."""
    for pattern, reading in _RULES:
        text = pattern.sub(reading, text)
    return say_units(text)
