"""Numbers as Mandarin says them, by what stands around them."""

from __future__ import annotations

import re
from re import Match

from tts_core.frontend.chinese.amounts import AMOUNTS
from tts_core.frontend.chinese.cardinals import say_number
from tts_core.frontend.chinese.codes import CODES, VERSIONS
from tts_core.frontend.chinese.dates import DATES, TIMES
from tts_core.frontend.han import say_digits
from tts_core.frontend.rules import FIRST, NUMBER, Rule, apply, rule

# Two of these are 两, not 二.
_PAIRED = (
    "个|只|本|条|张|块|元|位|次|遍|台|架|部|件|家|双|对|种|天|年(?!级)|岁|米|公里|千米|厘米|公斤|千克|斤|吨|升|克"
    "|小时|分钟|秒|点|周(?!岁)|星期|倍|杯|瓶|碗|盒|袋|包|箱|份|套|组|队|群|把|根|棵|朵|片|颗|支|枝|头|匹|辆|艘|座|所|间|栋|扇"
    "|封|篇|句|首|幅|顿|趟|场|轮|名|人|口|户|项|款|类|步|滴|页|代|百万|千|万|亿|平方|立方|刻|毛|分(?!之)|股|层|门|声|下|边|面|侧"
    "|国|党|地|岸|者|极|手|腿|眼|字"
)
_MEASURES = re.compile(rf"(?:{_PAIRED})")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MANY = re.compile(
    "[多余来几个只本条张块元角毛分年月日号天岁人位次遍台件家米斤克吨升里秒时点周名种项万亿倍步字页篇部乘加减除等×÷+=]"
)
_OPERATORS = frozenset("乘加减除于×÷+=-")
# Longer numbers without a thousands separator are names, not amounts, unless they are round.
_MAX_CARDINAL_DIGITS = 7
_ROUND = "0000"
_FULL = "100"


def _share(number: str) -> str:
    return "百" if number == _FULL else say_number(number)


def _percent(match: Match[str]) -> str:
    sign, number, mark = match.groups()
    whole = "百分之" if mark == "%" else "千分之"
    return {"-": "负", "+": "正"}.get(sign, "") + whole + _share(number)


def _counted(match: Match[str]) -> str:
    return "两" + match[1]


def _range(match: Match[str]) -> str:
    first, last = match.groups()
    two = first == "2" and _MEASURES.match(match.string, match.end())
    return f"{'两' if two else say_number(first)}到{last}"


def _plain(match: Match[str]) -> str:
    number = match[0]
    is_name = len(number) > _MAX_CARDINAL_DIGITS and not number.endswith(_ROUND)
    if is_name or (len(number) > 1 and number[0] == "0"):
        return say_digits(number, one="幺")
    counted = _MANY.match(match.string, match.end())
    computed = match.string[match.start() - 1 : match.start()] in _OPERATORS
    if _YEAR.fullmatch(number) and not counted and not computed:
        return say_digits(number)
    return say_number(number)


# In order: what a rule has read is Chinese and of no interest to the rules after it.
_RULES: tuple[Rule, ...] = (
    *CODES,
    *DATES,
    *VERSIONS,
    *TIMES,
    rule(r"(?<=\d%)\s?[-~]\s?(?=\d)", "到"),
    rule(
        rf"{FIRST}({NUMBER})\s?[-~]\s?({NUMBER})%", lambda m: f"百分之{say_number(m[1])}到{say_number(m[2])}"
    ),
    rule(rf"(?<![\d.])([-+]?)({NUMBER})([%‰])", _percent),
    rule(r"(?<=\d) ?- ?(?=\d{1,18}(?:\.\d{1,9})? ?=)", "减"),
    *AMOUNTS,
    rule(rf"(?<![\d.A-Za-z-])(?<!\d,)({NUMBER})\s?[-~]\s?({NUMBER})(?![\d-]|[.,]\d)", _range),
    rule(
        r"(?<![\d./])(\d{1,9})[又 ](\d{1,3})/(\d{1,3})(?![\d/])",
        lambda m: f"{say_number(m[1])}又{say_number(m[3])}分之{say_number(m[2])}",
    ),
    rule(r"(?<![\d/])(\d+)/(\d+)(?![\d/])", lambda m: say_number(m[2]) + "分之" + say_number(m[1])),
    rule(r"(?<=\d) ?[xX*] ?(?=\d)", "乘"),
    rule(r"(?<=[0-9)])\^([23])(?!\d)", lambda m: "的平方" if m[1] == "2" else "的立方"),
    rule(r"\^(-?)(\d{1,9})", lambda m: f"的{'负' if m[1] else ''}{say_number(m[2])}次方"),
    rule(r"(?<![\dA-Za-z])-(?=\d)", "负"),
    rule(r"(?<!\d)~(?=\d)", "约"),
    rule(r">=(?=\s?-?\d)", "大于等于"),
    rule(r"<=(?=\s?-?\d)", "小于等于"),
    rule(r">\s?(?=-?\d)", "大于"),
    rule(r"<\s?(?=-?\d)", "小于"),
    rule(rf"{FIRST}({NUMBER})°(?![A-Za-z])", lambda m: say_number(m[1]) + "度"),
    rule(rf"{FIRST}\d{{1,3}}(?:,\d{{3}})+(?![\d,]*\d)(?:\.\d+)?", lambda m: say_number(m[0])),
    rule(r"(?<!\d)\d+\.\d+", lambda m: say_number(m[0])),
    rule(rf"(?<![\d第])2({_PAIRED})", _counted),
    rule(r"第(\d+)", lambda m: "第" + say_number(m[1]).replace("两", "二")),
    rule(r"(?<!\d)(\d{4,})(?=号)", lambda m: say_digits(m[1], one="幺")),
    rule(r"\d+", _plain),
)
_DIGIT = re.compile(r"\d")


def say_numbers(text: str) -> str:
    """Replace every number by its reading."""
    return apply(_RULES, text) if _DIGIT.search(text) else text
