"""Everything written in digits, read out: dates, times, money, telephone numbers, ranges, units, counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from re import Match

from tts_core.frontend.korean.counters import COUNTER, join_counter, say_counted
from tts_core.frontend.korean.jamo import is_syllable
from tts_core.frontend.korean.numbers import POINT, say_digits, say_sino

_NUMBER = r"\d+(?:\.\d+)?"
_FIRST = r"(?<![\d.])"  # a rule begins where a number begins, or it would try every digit of a long one
_CURRENCIES = {"₩": "원", "$": "달러", "€": "유로", "£": "파운드", "¥": "엔", "₫": "동", "฿": "바트"}
_THOUSANDS = {"K": 1000, "M": 1_000_000, "B": 1_000_000_000}
# Days that are called by their digits.
_NAMED_DAYS = r"6\.25|3\.1|8\.15|4\.19|5\.18|5\.16|12\.12|4\.3|10\.26"
_AFTER_DAYS = "전쟁|절|광복|혁명|민주|운동|사건|사태|참변|항쟁|쿠데타|군사"
_TOLD = "비밀번호|인증번호|인증 번호|인증코드|인증 코드|암호|코드"
_HALVES = "오[전후]|아침|점심|저녁|밤|새벽|낮|정오|자정|내일|오늘|다음"
_LENGTHS = {"km": "킬로미터", "cm": "센티미터", "mm": "밀리미터", "m": "미터"}
_UNITS = {
    **_LENGTHS,
    **{f"{unit}2": f"제곱{name}" for unit, name in _LENGTHS.items()},
    **{f"{unit}3": f"세제곱{name}" for unit, name in _LENGTHS.items()},
    "kg": "킬로그램",
    "mg": "밀리그램",
    "g": "그램",
    "t": "톤",
    "L": "리터",
    "l": "리터",
    "ml": "밀리리터",
    "mL": "밀리리터",
    "KB": "킬로바이트",
    "MB": "메가바이트",
    "GB": "기가바이트",
    "TB": "테라바이트",
    "Hz": "헤르츠",
    "kHz": "킬로헤르츠",
    "MHz": "메가헤르츠",
    "GHz": "기가헤르츠",
    "dB": "데시벨",
    "W": "와트",
    "kW": "킬로와트",
    "kWh": "킬로와트시",
    "V": "볼트",
    "kcal": "킬로칼로리",
    "cal": "칼로리",
    "ha": "헥타르",
    "%p": "퍼센트 포인트",
    "%": "퍼센트",
    "‰": "퍼밀",
    "°": "도",
}
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
# Koreans spell letters beside a digit: 3D, MP3, A4.
LATIN = re.compile(
    rf"(?:(?<=\d)|(?<=\d ))(?:km/h|{_UNIT}|[AaPp]\.?[Mm])(?![A-Za-z])"
    r"|(?<=\d%)p(?![A-Za-z])|(?<=\d)[A-Z]{1,4}(?![A-Za-z])|(?<![A-Za-z-])(?:[A-Z]{1,3}|v)(?=\d)"
)
_PARTICLES = frozenset("이가은는을를에의로도만와과씩쯤정간째입까부하들짜동뿐")
_HALF_OF_DAY = {"a": "오전", "p": "오후"}


def _date(match: Match[str]) -> str:
    parts = ((str(int(match[unit])), unit) for unit in "년월일")
    return " ".join(say_counted(number, unit) for number, unit in parts)


def _time(match: Match[str]) -> str:
    hour, minute, second, half = match.groups()
    parts = [(str(int(hour)), "시"), (str(int(minute)), "분"), (str(int(second or 0)), "초")]
    spoken = [say_counted(number, unit) for number, unit in parts if unit == "시" or number != "0"]
    return " ".join(([_HALF_OF_DAY[half[0].lower()]] if half else []) + spoken)


def _telephone(match: Match[str]) -> str:
    spoken = " ".join(say_digits(group) for group in re.findall(r"\d+", match[0]))
    return ("플러스 " if match[0].startswith("+") else "") + spoken


def _mobile(match: Match[str]) -> str:
    return " ".join(say_digits(group) for group in match.groups())


def _money(match: Match[str]) -> str:
    sign, number, scale = match.groups()
    if scale in _THOUSANDS:
        number, scale = f"{Decimal(number) * _THOUSANDS[scale]:f}".removesuffix(".0"), None
    return join_counter(_scaled_number(number, scale), _CURRENCIES[sign])


def _scaled_number(number: str, scale: str | None) -> str:
    if not scale:
        return say_sino(number)
    return scale if number == "1" and scale[0] in "십백천만" else say_sino(number) + scale


def _range(match: Match[str]) -> str:
    low, high, counter = match.groups()
    counter = _UNITS.get(counter, counter)
    last = say_counted(high, counter, match.string[match.end() : match.end() + 8])
    if last.startswith(say_sino(high)):
        return f"{say_sino(low)}에서 {last}"
    return f"{say_counted(low, counter)}에서 {last}"


def _counted(match: Match[str]) -> str:
    number, gap, counter = match.groups()
    rest = match.string[match.end() : match.end() + 1]
    if gap and len(counter) == 1 and is_syllable(rest or " ") and rest not in _PARTICLES:  # 99 달성
        return say_sino(number) + gap + counter
    return say_counted(number, counter, match.string[match.end() : match.end() + 8])


def _temperature(match: Match[str]) -> str:
    sign, number, scale = match.groups()
    # Below zero says enough of the scale, where it isn't Fahrenheit's.
    named = "화씨 " if scale == "F" else "섭씨 " if scale and not sign else ""
    return named + ("영하 " if sign else "") + join_counter(say_sino(number), "도")


def _unit(match: Match[str]) -> str:
    return join_counter(say_sino(match[1]), _UNITS[match[2]])


def _in_groups(text: str, joint: str) -> str:
    return joint.join(say_digits(group) for group in re.findall(r"\d+", text))


_SCALE = "(?:[천백십]?[만억조경]|[천백십])"
# In order: what a rule has read is Hangul and of no interest to the rules after it.
_RULES: tuple[tuple[re.Pattern[str], Callable[[Match[str]], str]], ...] = (
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))|(?<=\d),(?=\d{3},)"), lambda _: ""),
    (re.compile(rf"{_FIRST}({_NUMBER}) ?[~∼〜] ?({_NUMBER}) ?({COUNTER}|%)"), _range),
    (
        re.compile(rf"({_TOLD})([은는이가:]? ?)['\"‘“「]?(\d{{3,12}})(?![\d.,]|만|억|원|[개명])"),
        lambda m: m[1] + m[2] + say_digits(m[3]),
    ),
    (re.compile(rf"(?<![\d.])({_NAMED_DAYS})(?= ?(?:{_AFTER_DAYS}))"), lambda m: _in_groups(m[1], "")),
    (re.compile(rf"(?<=[가-힣]) ?[~∼〜] ?(?={_HALVES})"), lambda _: "에서 "),
    (
        re.compile(r"(?<![가-힣])([월화수목금토일]) ?[~∼〜-] ?([월화수목금토일])(?![가-힣])"),
        lambda m: f"{m[1]}에서 {m[2]}",
    ),
    (
        re.compile(rf"{_FIRST}(\d{{1,3}})-(\d{{1,3}})(?= ?(?:[대완역]?승|패배|무승부|으?로 ))"),
        lambda m: f"{say_sino(m[1])} 대 {say_sino(m[2])}",
    ),
    (
        re.compile(r"(?<=[\d가-힣%CF]) ?[~∼〜] ?(?=[\d₩$+-]|오[전후] ?\d|[월화수목금토일]요일)"),
        lambda _: "에서 ",
    ),
    (
        re.compile(
            rf"{_FIRST}(?P<년>[12]\d{{3}})(?P<mark>[-./])(?P<월>1[0-2]|0?[1-9])(?P=mark)"
            r"(?P<일>3[01]|[12]\d|0?[1-9])(?!\d)\.?"
        ),
        _date,
    ),
    (
        re.compile(
            rf"{_FIRST}([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?!\d)(?: ?([AaPp]\.?[Mm](?![A-Za-z])))?"
        ),
        _time,
    ),
    (re.compile(r"(?<![\d.])(\d+) ?: ?(\d+)"), lambda m: f"{say_sino(m[1])} 대 {say_sino(m[2])}"),
    (re.compile(r"(?<![\d.+])\+\d{1,3}(?:[- ]\d{2,4}){2,3}(?!\d)"), _telephone),
    (re.compile(r"(?<![\d.-])(?:0\d{1,2}[-) .]+)\d{3,4}[- .]\d{4}(?!\d)"), _telephone),
    (re.compile(r"(?<![\d.-])1[568]\d\d-\d{4}(?!\d)"), _telephone),
    (re.compile(r"(?<![\d.-])(01[016-9])(\d{3,4})(\d{4})(?!\d)"), _mobile),
    (re.compile(rf"([{''.join(_CURRENCIES)}]) ?({_NUMBER})({_SCALE}|[KMB](?![A-Za-z]))?(?:원)?"), _money),
    (re.compile(rf"{_FIRST}({_NUMBER}) ?- ?({_NUMBER}) ?(?!번|호|동)({COUNTER}|%)"), _range),
    (re.compile(rf"{_FIRST}({_NUMBER}) ?km/h"), lambda m: f"시속 {say_sino(m[1])} 킬로미터"),
    (
        re.compile(rf"(?<![\d.])(영하 ?|(?<!\d)[-−])?({_NUMBER})(?: ?°([CF])|도(?!시))"),
        _temperature,
    ),
    (re.compile(rf"{_FIRST}({_NUMBER}) ?({_UNIT})(?![A-Za-z])"), _unit),
    (re.compile(rf"{_FIRST}(\d+)분의 ?(?=\d)"), lambda m: f"{say_sino(m[1])}분의 "),
    (re.compile(r"(?<![\d./])(\d+)/(\d+)(?![\d/])"), lambda m: f"{say_sino(m[2])}분의 {say_sino(m[1])}"),
    (re.compile(rf"{_FIRST}\d+(?:\.\d+){{2,}}"), lambda m: _in_groups(m[0], f" {POINT} ")),
    (re.compile(r"(?<![\d·])\d+(?:·\d+)+"), lambda m: _in_groups(m[0], "")),
    (re.compile(rf"{_FIRST}\d+(?:-\d+){{2,}}"), lambda m: _in_groups(m[0], " ")),
    (re.compile(rf"{_FIRST}(\d+)-(\d+)"), lambda m: f"{say_sino(m[1])} 다시 {say_sino(m[2])}"),
    (re.compile(r"(?<![\d가-힣A-Za-z])[-−](?=\d)"), lambda _: "마이너스 "),
    (re.compile(r"제 ?(\d+)"), lambda m: f"제{say_sino(m[1])}"),
    (re.compile(rf"{_FIRST}({_NUMBER})({_SCALE})"), lambda m: _scaled_number(m[1], m[2])),
    (re.compile(rf"{_FIRST}({_NUMBER})( ?)({COUNTER})"), _counted),
    (re.compile(_NUMBER), lambda m: say_sino(m[0])),
)


def say_numbers(text: str) -> str:
    """Replace every number of ASCII digits by its reading."""
    for pattern, reading in _RULES:
        text = pattern.sub(reading, text)
    return text
