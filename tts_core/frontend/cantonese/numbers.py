"""Numbers as Cantonese says them."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from re import Match

from tts_core.frontend.han import DIGITS, say_cardinal, say_digits

_GROUPS = ("", "萬", "億", "萬億")
_MAX_DIGITS = 4 * len(_GROUPS)
_NUMBER = r"\d+(?:\.\d+)?"
_FIRST = r"(?<![\d.])"  # a rule begins where a number begins, or it would try every digit of a long one
_LONG_AGO = 50  # 97年 is a year's name, 20年 a span of time
_CURRENCIES = {"HK$": "港元", "US$": "美元", "NT$": "台幣", "$": "蚊", "€": "歐羅", "£": "英鎊"}
_CURRENCIES |= {"¥": "元", "₩": "韓圜"}
_CURRENCY = "|".join(re.escape(sign) for sign in _CURRENCIES)
_THOUSANDS = {"K": 1000, "M": 1_000_000, "B": 1_000_000_000}
_TOLD = "密碼|密码|驗證碼|验证码|熱線|热线|致電|致电|打電話|打|撥打|撥"
_HALVES = "朝早|早上|上晝|上午|中午|晏晝|下晝|下午|夜晚|晚上|凌晨|聽日|今日|第"
_UNITS = {"km": "公里", "cm": "厘米", "mm": "毫米", "m": "米", "kg": "公斤", "mg": "毫克", "g": "克"}
_UNITS |= {"km2": "平方公里", "m2": "平方米", "m3": "立方米", "lb": "磅"}
_UNITS |= {"L": "公升", "l": "公升", "ml": "毫升", "mL": "毫升"}
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
LATIN = re.compile(
    r"(?:(?<=\$\d)|(?<=\$\d[\d.])|(?<=\$\d[\d.]\d)|(?<=\$\d{2}[\d.]\d))[KMB](?![A-Za-z])|"
    rf"(?:(?<=\d)|(?<=\d ))(?:km/h|{_UNIT})(?![A-Za-z])|(?<![A-Za-z])(?:HK|US|NT)(?=\$\d)"
)
# Two of these are 兩, not 二.
_PAIRED = (
    "個|个|隻|只|條|条|張|张|位|次|本|件|部|架|輛|辆|份|間|间|杯|碗|支|枝|樽|包|盒|袋|塊|块|棵|歲|岁|日"
    "|年(?![級级])"
    "|點|点|分鐘|分钟|秒|蚊|元|公里|公斤|公升|毫升|克|米|磅|斤|人|倍|對|对|雙|双|家|句|場|场|餐|晚|星期"
    "|小時|小时|鐘頭|钟头|度|套|種|种|頁|页|粒|班|代"
)
_OTHER = (
    "月|號|号|樓|楼|層|层|年級|年级|名|路|萬|万|億|亿|百|千|巴仙|成|折|分|線|线|期|集|章|課|课|屆|届"
    "|港元|美元"
)
_COUNTED = f"(?:{_PAIRED}|{_OTHER})"


def say_number(number: str) -> str:
    """Read a cardinal or decimal, such as "105" or "3.50"; digit by digit where a zero leads or words end."""
    whole, _, decimals = number.partition(".")
    if len(whole) > _MAX_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        spoken = say_digits(whole)
    else:
        spoken = say_cardinal(whole, _GROUPS) if whole != "0" else DIGITS[0]
    return spoken + ("點" + say_digits(decimals) if decimals else "")


def _time(match: Match[str]) -> str:
    hours, minutes, seconds = match.groups()
    spoken = ("兩" if int(hours) == 2 else say_number(str(int(hours)))) + "點"
    if minutes == "30" and not seconds:
        return spoken + "半"
    if int(minutes) or seconds:
        spoken += ("零" if minutes[0] == "0" else "") + say_number(str(int(minutes))) + "分"
    return spoken + (say_number(str(int(seconds))) + "秒" if seconds else "")


def _date(match: Match[str]) -> str:
    year, month, day = (str(int(match[name])) for name in ("year", "month", "day"))
    return f"{say_digits(year)}年{say_number(month)}月{say_number(day)}號"


def _counted(match: Match[str]) -> str:
    number, unit = match.groups()
    return ("兩" if number == "2" and re.fullmatch(_PAIRED, unit) else say_number(number)) + unit


def _year(match: Match[str]) -> str:
    digits = match[1]
    named = len(digits) == 4 or int(digits) > _LONG_AGO or digits[0] == "0"
    return say_digits(digits) if named else say_number(digits) if digits != "2" else "兩"


def _unit(match: Match[str]) -> str:
    return ("兩" if match[1] == "2" else say_number(match[1])) + _UNITS[match[2]]


def _money(match: Match[str]) -> str:
    sign, number, scale = match.groups()
    if scale in _THOUSANDS:
        number, scale = f"{Decimal(number) * _THOUSANDS[scale]:f}".removesuffix(".0"), ""
    return ("兩" if number == "2" else say_number(number)) + (scale or "") + _CURRENCIES[sign]


def _temperature(match: Match[str]) -> str:
    sign, number, scale = match.groups()
    return ("華氏" if scale == "F" else "") + ("零下" if sign else "") + say_number(number) + "度"


def _plain(match: Match[str]) -> str:
    digits = match[0]
    if (len(digits) > 4 and not digits.endswith("000")) or re.fullmatch(r"(?:19|20)\d\d", digits):
        return say_digits(digits)
    return say_number(digits)


def _per(match: Match[str]) -> str:
    return {"月": "每月", "年": "每年", "日": "每日", "人": "每人"}.get(match[1], "每" + match[1])


def _telephone(match: Match[str]) -> str:
    return ",".join(say_digits(group) for group in re.findall(r"\d+", match[0]))


# In order: what a rule has read is Chinese and of no interest to the rules after it.
_RULES: tuple[tuple[re.Pattern[str], Callable[[Match[str]], str]], ...] = (
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))|(?<=\d),(?=\d{3},)"), lambda _: ""),
    (
        re.compile(
            rf"{_FIRST}(?P<year>[12]\d{{3}})(?P<mark>[-./])(?P<month>1[0-2]|0?[1-9])(?P=mark)"
            r"(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)"
        ),
        _date,
    ),
    (
        re.compile(rf"{_FIRST}((?:19|20)\d\d)[/-](\d\d)(?=年度|學年|学年|財年|财年)"),
        lambda m: f"{say_digits(m[1])}至{say_number(m[2])}",
    ),
    (re.compile(rf"{_FIRST}(\d{{4}}|\d{{1,2}})(?=年(?![級级]))"), _year),
    (re.compile(rf"{_FIRST}([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?!\d)"), _time),
    (re.compile(r"(?<![\d+.-])\+?(?:\d{3}[- ])?[2-9]\d{3}[- ]?\d{4}(?![\d-])"), _telephone),
    (
        re.compile(
            rf"({_TOLD})([係系是:：為为]{{0,2}} ?)(\d{{3,8}})(?![\d.,]|[萬万億亿蚊元次個个張张歲岁人])"
        ),
        lambda m: m[1] + m[2] + say_digits(m[3]),
    ),
    (re.compile(r"(?<!\d)999(?=報警|报警|緊急|求助)"), lambda m: say_digits(m[0])),
    (re.compile(r"(?<![\d:])(\d+):(\d+)(?![\d:])"), lambda m: f"{say_number(m[1])}比{say_number(m[2])}"),
    (re.compile(r"(?<=\d) ?- ?(?=\d{1,9} ?=)"), lambda _: "減"),
    (re.compile(r"第 ?(\d+)"), lambda m: "第" + say_number(m[1])),
    (
        re.compile(rf"(?<=[點半分號日月年]) ?[-~至] ?(?=[零一兩三四五六七八九十]|{_HALVES})"),
        lambda _: "至",
    ),
    (re.compile(r"(?<=[%度元蚊點点半月號号日年]) ?[-~至] ?(?=\d)"), lambda _: "至"),
    (
        re.compile(rf"{_FIRST}({_NUMBER}) ?[-~] ?(?={_NUMBER}(?![\d-]))"),
        lambda m: f"{say_number(m[1])}至",
    ),
    (re.compile(rf"(?<![\d.])(-?)({_NUMBER}) ?(?:°([CF])?|[攝摄]氏度|度(?![電电]))"), _temperature),
    (
        re.compile(rf"{_FIRST}(-?)({_NUMBER}) ?%"),
        lambda m: ("負" if m[1] else "") + "百分之" + say_number(m[2]),
    ),
    (re.compile(r"(?<![\d/])(\d+)/(\d+)(?![\d/])"), lambda m: say_number(m[2]) + "分之" + say_number(m[1])),
    (re.compile(rf"({_CURRENCY}) ?({_NUMBER})([萬万億亿百千]|[KMB](?![A-Za-z]))?"), _money),
    (re.compile(r"(?<=[元蚊])/([月年日人位晚次])"), _per),
    (re.compile(rf"{_FIRST}({_NUMBER}) ?km/h"), lambda m: f"每小時{say_number(m[1])}公里"),
    (re.compile(rf"{_FIRST}({_NUMBER}) ?({_UNIT})(?![A-Za-z])"), _unit),
    (re.compile(rf"{_FIRST}\d+(?:\.\d+){{2,}}"), lambda m: "點".join(map(say_digits, m[0].split(".")))),
    (re.compile(r"(?<![\dA-Za-z])-(?=\d)"), lambda _: "負"),
    (re.compile(rf"{_FIRST}\d+\.\d+"), lambda m: say_number(m[0])),
    (re.compile(rf"(?<!\d)(\d+) ?({_COUNTED})"), _counted),
    (re.compile(r"\d+"), _plain),
)


def say_numbers(text: str) -> str:
    """Replace every number of ASCII digits by its reading."""
    for pattern, reading in _RULES:
        text = pattern.sub(reading, text)
    return text
