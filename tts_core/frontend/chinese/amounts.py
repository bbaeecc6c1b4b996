"""Money and measures as Mandarin says them."""

from __future__ import annotations

import re
from decimal import Decimal
from re import Match

from tts_core.frontend.chinese.cardinals import say_amount, say_number
from tts_core.frontend.rules import FIRST, NUMBER, Rule, rule

_SIGNS = {
    "US$": "美元",
    "HK$": "港元",
    "NT$": "新台币",
    "CA$": "加元",
    "A$": "澳元",
    "S$": "新加坡元",
    "$": "美元",
    "¥": "元",
    "€": "欧元",
    "£": "英镑",
    "₩": "韩元",
    "₽": "卢布",
    "₹": "卢比",
    "฿": "泰铢",
    "₫": "越南盾",
}
_CODES = {
    "RMB": "元",
    "CNY": "元",
    "USD": "美元",
    "EUR": "欧元",
    "GBP": "英镑",
    "JPY": "日元",
    "HKD": "港元",
    "KRW": "韩元",
}
_LETTER_SCALES = {"K": 1000, "M": 1_000_000, "B": 1_000_000_000}
# 4K of a screen isn't four thousand.
_SHARP = " ?(?:电|電|高清|超清|超高|分辨|屏|视频|視頻|画|畫|显|投影|蓝光|影|摄|像|级|直播|片)"
_UNITS = {
    "km": "公里",
    "m": "米",
    "dm": "分米",
    "cm": "厘米",
    "mm": "毫米",
    "μm": "微米",
    "nm": "纳米",
    "ft": "英尺",
    "inch": "英寸",
    "mi": "英里",
    "kg": "公斤",
    "g": "克",
    "mg": "毫克",
    "μg": "微克",
    "t": "吨",
    "lb": "磅",
    "lbs": "磅",
    "oz": "盎司",
    "L": "升",
    "l": "升",
    "dL": "分升",
    "mL": "毫升",
    "ml": "毫升",
    "mol": "摩尔",
    "h": "小时",
    "min": "分钟",
    "s": "秒",
    "ms": "毫秒",
    "μs": "微秒",
    "ns": "纳秒",
    "W": "瓦",
    "kW": "千瓦",
    "MW": "兆瓦",
    "GW": "吉瓦",
    "kWh": "千瓦时",
    "mAh": "毫安时",
    "mA": "毫安",
    "V": "伏",
    "kV": "千伏",
    "mV": "毫伏",
    "kJ": "千焦",
    "kcal": "千卡",
    "cal": "卡",
    "Pa": "帕",
    "hPa": "百帕",
    "kPa": "千帕",
    "MPa": "兆帕",
    "Hz": "赫兹",
    "kHz": "千赫兹",
    "MHz": "兆赫兹",
    "GHz": "吉赫兹",
    "dB": "分贝",
    "MB": "兆",
    "Mbps": "兆比特每秒",
    "mph": "英里每小时",
    "rpm": "转每分钟",
    "fps": "帧每秒",
    "px": "像素",
    "ha": "公顷",
    "mmHg": "毫米汞柱",
}
_POWERS = {"2": "平方", "3": "立方"}
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_SIGN = "|".join(map(re.escape, sorted(_SIGNS, key=len, reverse=True)))
_CODE = "|".join(_CODES)
_SCALE = r"(万亿|百万|千万|[百千万亿]|[KMB](?![A-Za-z]))?"
_MEASURE = rf"(?:{_UNIT})(?:\^?[23²³])?(?:/(?:{_UNIT})(?:\^?[23²³])?)?(?![A-Za-z0-9])"
_PER = "月|年|天|日|周|人|次|小时|分钟|秒|平方米|平米|斤|公斤|吨|个|件|台|位|升|公里|千米|度|晚|股|桶|张|份"
# What is read here though it begins with Latin letters; these stand beside digits.
LATIN = re.compile(
    rf"(?:(?<=\d)|(?<=\d )){_MEASURE}|(?:(?<=\d)|(?<=\d ))(?:{_CODE}|[Kk](?!{_SHARP}))(?![A-Za-z])"
    rf"|(?<![A-Za-z])(?:(?:US|HK|NT|CA|A|S)(?=\$\d)|(?:{_CODE})(?=\d))|(?<=\d)[xX](?=\d)"
    r"|(?:(?<=\$\d)|(?<=\$\d[\d.])|(?<=\$\d[\d.]\d)|(?<=\$\d{2}[\d.]\d))[MB](?![A-Za-z])"
    r"|(?<=-\d\d)T(?=\d\d:)|(?<=:\d\d)Z(?![A-Za-z])"
)


def _unit(name: str, power: str | None) -> str:
    return _POWERS[power] + _UNITS[name] if power else _UNITS[name]


def _measure(match: Match[str]) -> str:
    number, name, power, per, per_power = match.groups()
    spoken = ("两" if number == "2" else say_number(number)) + _unit(name, power)
    if per_power and per == "s":
        return f"{spoken}每二次方秒"
    return spoken + (f"每{_unit(per, per_power)}" if per else "")


def _scaled(number: str, scale: str | None) -> str:
    scale = scale or ""
    if scale in _LETTER_SCALES:
        whole = f"{Decimal(number.replace(',', '')) * _LETTER_SCALES[scale]:f}"
        return say_amount(whole.rstrip("0").rstrip(".") if "." in whole else whole)
    word = "两" if number == "2" and scale else say_amount(number)
    return word + scale


def _money(match: Match[str]) -> str:
    minus, sign, first, first_scale, last, last_scale = match.groups()
    unit = _SIGNS[sign]
    spoken = "负" if minus else ""
    if last:
        return f"{spoken}{_scaled(first, first_scale)}到{_scaled(last, last_scale)}{unit}"
    number = "两" if first == "2" and not first_scale else _scaled(first, first_scale)
    return spoken + number + unit


def _code_first(match: Match[str]) -> str:
    code, number, scale = match.groups()
    owner = "人民币" if _CODES[code] == "元" else ""
    return f"{owner}{_scaled(number, scale)}{_CODES[code]}"


def _degrees(match: Match[str]) -> str:
    minus, number, fahrenheit = match.groups()
    spoken = ("零下" if minus else "") + say_number(number) + "度"
    return "华氏" + spoken if fahrenheit == "F" else spoken


def _two(match: Match[str]) -> str:
    minus, first, other_minus, last = match.groups()
    return f"{'零下' if minus else ''}{say_number(first)}到{'零下' if other_minus else ''}{last}"


AMOUNTS: tuple[Rule, ...] = (
    rule(
        rf"((?<![\w-])-)?({_SIGN})\s?({NUMBER}){_SCALE}(?:\s?[-~]\s?(?:{_SIGN})?({NUMBER}){_SCALE})?"
        r"(?:美元|港元|欧元|英镑|元)?",
        _money,
    ),
    rule(rf"(?<![A-Za-z])({_CODE})\s?({NUMBER}){_SCALE}元?", _code_first),
    rule(
        rf"{FIRST}({NUMBER}){_SCALE}\s?({_CODE})(?![A-Za-z])",
        lambda m: _scaled(m[1], m[2]) + _CODES[m[3]],
    ),
    rule(rf"(?<![\d.])(-?)({NUMBER})\s?[-~]\s?(-?)({NUMBER})(?=\s?°C|摄氏度)", _two),
    rule(rf"(?<![\d.到])(-?)({NUMBER})\s?°([CF])(?![A-Za-z])", _degrees),
    rule(rf"(?<=到)()({NUMBER})\s?°([CF])(?![A-Za-z])", _degrees),
    rule(
        rf"{FIRST}({NUMBER})\s?({_UNIT})(?:\^?([23]))?(?:/({_UNIT})(?:\^?([23]))?)?(?![A-Za-z0-9])", _measure
    ),
    rule(rf"{FIRST}({NUMBER})[Kk](?![A-Za-z])", lambda m: _scaled(m[1], "K")),
    rule(rf"/(?=(?:{_PER})(?![\u4e00-\u9fff]*/))", "每"),
)
