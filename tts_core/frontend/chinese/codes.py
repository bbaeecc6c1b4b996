"""Digits that are read one by one: telephones, rooms, codes, versions, addresses of computers."""

from __future__ import annotations

import re
from re import Match

from tts_core.frontend.chinese.cardinals import say_number
from tts_core.frontend.han import say_digits
from tts_core.frontend.rules import Rule, rule

_NAMES = (
    "拨打|致电|热线|客服|电话|手机|报警|号码|验证码|密码|尾号|编号|邮编|卡号|账号|帐号|单号|学号|工号|证号|代码|房间|航班"
    "|波音|分机|区号|传真"
)
_KNOWN = "110|119|120|122|12306|12345|10086|10010|10000|95588"


def _code(digits: str) -> str:
    return say_digits(digits, one="幺")


def _groups(match: Match[str]) -> str:
    plus = "加" if match[0].startswith("+") else ""
    return plus + ",".join(map(_code, re.findall(r"\d+", match[0])))


def _version(match: Match[str]) -> str:
    return "点".join(_part(part) for part in match[0].split("."))


def _part(digits: str) -> str:
    return say_digits(digits) if len(digits) > 2 or digits[0] == "0" else say_number(digits)


CODES: tuple[Rule, ...] = (
    rule(r"(?<![\d.+])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)", _groups),
    rule(r"(?<![\w.-])\+\d{1,3}(?:[ -]\d{2,5}){1,4}(?!\d)", _groups),
    rule(r"(?<![\d.-])(?:0\d{2,3}-\d{7,8}|\d{3,4}-\d{3,4}-\d{3,4})(?![\d-])", _groups),
    rule(
        rf"((?:{_NAMES})[是为号: ]{{0,3}})(\d{{2,20}})(?!\d|[.,:年月日个部台万亿人次元-])",
        lambda m: m[1] + _code(m[2]),
    ),
    rule(rf"(?<![\d.])({_KNOWN})(?=报警|电话|热线|急救|平台|客服)", lambda m: _code(m[1])),
    rule(
        r"(?<![\d.])(\d{3,4})(?=室|会议室|病房|包间|宿舍|寝室|房|号房|号室|教室|路|航班|次列车|次航班|国道|省道|错误|页面)",
        lambda m: _code(m[1]),
    ),
)
VERSIONS: tuple[Rule, ...] = (
    rule(
        r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)",
        lambda m: "点".join(map(_code, m[0].split("."))),
    ),
    rule(r"(?<![\d.])\d{1,5}(?:\.\d{1,5}){2,4}(?![\d.]*\d)", _version),
)
