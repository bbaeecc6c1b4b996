"""Numbers as the reference says them in Mandarin: PaddleSpeech's kinds, in its order.

What is a number to it is decided clause by clause, so a comma ends a number: 1,234 is one, then 二三四.
"""

from __future__ import annotations

import re
from re import Match

from tts_core.frontend.han import DIGITS, say_digits
from tts_core.frontend.rules import Rule, apply, rule

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹ˣʸⁿ"
_LOWERED = str.maketrans(_RAISED, "0123456789xyn")
_SIGNS = {"+": "加", "-": "减", "×": "乘", "÷": "除", "=": "等于"}
# In the order in which they are replaced, wherever they stand.
_UNITS = {
    "cm2": "平方厘米",
    "cm²": "平方厘米",
    "cm3": "立方厘米",
    "cm³": "立方厘米",
    "cm": "厘米",
    "db": "分贝",
    "ds": "毫秒",
    "kg": "千克",
    "km": "千米",
    "m2": "平方米",
    "m²": "平方米",
    "m³": "立方米",
    "m3": "立方米",
    "ml": "毫升",
    "m": "米",
    "mm": "毫米",
    "s": "秒",
}
# What is counted: a number before these is an amount, and 2 of them are 两.
_COUNTED = (
    "[处台架枚趟幅平方堵间床株批项例列篇栋注亩封艘把目套段人所朵匹张座回场尾条个首阙阵网炮顶丘棵只支袭辆挑担颗壳窠曲墙"
    "群腔砣客贯扎捆刀令打手罗坡山岭江溪钟队单双对出口头脚板跳枝件贴针线管名位身堂课本页家户层丝毫厘分钱两斤铢石钧锱忽寸"
    "尺丈里寻常铺程米撮勺合升斗盘碗碟叠桶笼盆盒杯斛锅簋篮罐瓶壶卮盏箩箱煲啖袋钵年月日季刻时周天秒旬纪岁世更夜春夏秋冬代"
    "伏辈丸泡粒幢堆根道面片块元角毛亿千万百]|微[克米]|公分|小时|美元|十吨|吨"
)
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_ANY_NUMBER = rf"(?:-?{_NUMBER}|\.[0-9]+)"
_MEASURE = "(?:%|°C|℃|度|摄氏度|cm2|cm²|cm3|cm³|cm|db|ds|kg|km|m2|m²|m³|m3|ml|m|mm|s)"
_CLOCK = r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?"
_SCALES = ((8, "亿"), (4, "万"), (3, "千"), (2, "百"), (1, "十"))
_MAX_CARDINAL_DIGITS = 64
_MONTH = "0?[1-9]|1[0-2]"
_DAY = "0?[1-9]|[12][0-9]|30|31"


def say_number(number: str) -> str:
    """Read a cardinal or decimal such as "205", "3.50" or ".5"."""
    whole, _, decimals = number.partition(".")
    said = _say_cardinal(whole)
    kept = decimals.rstrip("0") + ("0" if decimals.endswith("0") else "")
    return f"{said or DIGITS[0]}点{say_digits(kept)}" if kept else said


def _say_cardinal(digits: str) -> str:
    if not digits:
        return ""
    digits = digits.lstrip("0")
    if len(digits) > _MAX_CARDINAL_DIGITS:
        return say_digits(digits)
    said = _say_part(digits) or DIGITS[0]
    return said.removeprefix(DIGITS[1]) if said.startswith("一十") else said


def _say_part(digits: str) -> str:
    """Read digits of which some may be leading zeros: each gap between two others is one 零 at most."""
    stripped = digits.lstrip("0")
    if len(stripped) < 2:
        gap = DIGITS[0] if stripped and len(stripped) < len(digits) else ""
        return gap + "".join(DIGITS[int(digit)] for digit in stripped)
    power, name = next(scale for scale in _SCALES if scale[0] < len(stripped))
    return _say_part(digits[:-power]) + name + _say_part(digits[-power:])


def _code(digits: str) -> str:
    return say_digits(digits, one="幺")


def _date(match: Match[str]) -> str:
    year, month, day, day_name = match.groups()
    return (
        f"{say_digits(year)}年"
        + (f"{_say_cardinal(month)}月" if month else "")
        + (f"{_say_cardinal(day)}{day_name}" if day else "")
    )


def _minutes(digits: str) -> str:
    return (DIGITS[0] if digits.startswith("0") else "") + say_number(digits.lstrip("0"))


def _clock(hours: str, minutes: str, seconds: str | None, *, half: bool) -> str:
    said = f"{say_number(hours)}点"
    if minutes != "00":
        said += "半" if half else f"{_minutes(minutes)}分"
    return said + (f"{_minutes(seconds)}秒" if seconds and seconds != "00" else "")


def _time(match: Match[str]) -> str:
    return _clock(*match.groups(), half=match[2] == "30")


def _time_range(match: Match[str]) -> str:
    """Read two times; whether the second is at half past is asked of the first, so 8:30-9:15 is 九点半."""
    first, last = match.groups()[:3], match.groups()[3:]
    half = match[2] == "30"
    return f"{_clock(*first, half=half)}至{_clock(*last, half=half)}"


def _temperature(match: Match[str]) -> str:
    minus, number, unit = match.groups()
    return f"{'零下' if minus else ''}{say_number(number)}{'摄氏度' if unit == '摄氏度' else '度'}"


def _telephone(match: Match[str]) -> str:
    return "，".join(map(_code, re.findall("[0-9]+", match[0])))


def _range(match: Match[str]) -> str:
    first, last = (_NUMBERS.sub(_any_number, side) for side in match.groups())
    return f"{first}到{last}"


def _any_number(match: Match[str]) -> str:
    return ("负" if match[0].startswith("-") else "") + say_number(match[0].removeprefix("-"))


def _amount(match: Match[str]) -> str:
    number, more = match.groups()
    said = say_number(number)
    return ("两" if said == "二" else said) + ("多" if more == "+" else more or "")


_NUMBERS = re.compile(_ANY_NUMBER)
_BEFORE_UNITS: tuple[Rule, ...] = (
    rule(rf"([0-9]{{4}}|[0-9]{{2}})年(?:({_MONTH})月)?(?:({_DAY})([日号]))?", _date),
    rule(
        r"([0-9]{4})([- /.])(0[1-9]|1[012])\2(0[1-9]|[12][0-9]|3[01])",
        lambda m: f"{say_digits(m[1])}年{_say_cardinal(m[3])}月{_say_cardinal(m[4])}日",
    ),
    rule(rf"{_CLOCK}[~-]{_CLOCK}", _time_range),
    rule(_CLOCK, _time),
    rule(
        rf"(?<![0-9])({_ANY_NUMBER}{_MEASURE})~({_ANY_NUMBER}{_MEASURE})",
        lambda m: m[0].replace("~", "至"),
    ),
    rule(rf"(-?)(?<![0-9])({_NUMBER})(°C|℃|度|摄氏度)", _temperature),
)
_AFTER_UNITS: tuple[Rule, ...] = (
    rule(
        rf"([0-9A-Za-z][{_RAISED}]*)([-+×÷=])(?=-?[0-9]|\.[0-9]|[A-Za-z])",
        lambda m: m[1] + _SIGNS[m[2]],
    ),
    rule(f"[{_RAISED}]+", lambda m: f"的{m[0].translate(_LOWERED)}次方"),
    rule(
        r"(-?)(?<![0-9])([0-9]+)/([0-9]+)",
        lambda m: f"{'负' if m[1] else ''}{say_number(m[3])}分之{say_number(m[2])}",
    ),
    rule(
        rf"(-?)(?<![0-9])({_NUMBER})%",
        lambda m: f"{'负' if m[1] else ''}百分之{say_number(m[2])}",
    ),
    rule(r"(?<![0-9])(?:\+?86 ?)?1(?:[38][0-9]|5[0-35-9]|7[678]|9[89])[0-9]{8}(?![0-9])", _telephone),
    rule(r"(?<![0-9])(?:0(?:10|2[1-3]|[3-9][0-9]{2})-?)?[1-9][0-9]{6,7}(?![0-9])", _telephone),
    rule(r"400-?[0-9]{3}-?[0-9]{4}", _telephone),
    rule(rf"(?<![-0-9+×÷=])(-?{_NUMBER})[-~](-?{_NUMBER})(?![-0-9+×÷=])", _range),
    rule(r"-([0-9]+)", lambda m: f"负{say_number(m[1])}"),
    rule(
        r"[0-9]+\.[0-9]+(?:\.[0-9]+)+",
        lambda m: "".join("点" if char == "." else DIGITS[int(char)] for char in m[0]),
    ),
    rule(r"(?:(?<![0-9])[0-9]+)?\.[0-9]+", lambda m: say_number(m[0])),
    rule(rf"(?<![0-9])([0-9]+)([多余几+])?(?={_COUNTED})", _amount),
    rule(r"[0-9]{3,}", lambda m: _code(m[0])),
    rule("[0-9]+", lambda m: say_number(m[0])),
)


def say_numbers(clause: str) -> str:
    """Replace every number of a clause by its reading."""
    clause = apply(_BEFORE_UNITS, clause)
    for unit, name in _UNITS.items():
        clause = clause.replace(unit, name)
    return apply(_AFTER_UNITS, clause)
