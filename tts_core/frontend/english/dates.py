"""Dates and times as English says them."""

from __future__ import annotations

from re import Match

from tts_core.frontend.english.cardinals import plural, say_cardinal, say_ordinal, say_year
from tts_core.frontend.rules import Rule, rule

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_ABBREVIATED = {name[:3]: name for name in _MONTHS} | {"Sept": "September"}
_DAYS = {
    **dict.fromkeys(("Mon",), "Monday"),
    **dict.fromkeys(("Tue", "Tues"), "Tuesday"),
    **dict.fromkeys(("Wed",), "Wednesday"),
    **dict.fromkeys(("Thu", "Thur", "Thurs"), "Thursday"),
    **dict.fromkeys(("Fri",), "Friday"),
    **dict.fromkeys(("Sat",), "Saturday"),
    **dict.fromkeys(("Sun",), "Sunday"),
}
_MONTH = "(?:" + "|".join(_MONTHS) + ")"
_SHORT_MONTH = "|".join(sorted(_ABBREVIATED, key=len, reverse=True))
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[1-9]|20)\d\d"
_TH = "(?:st|nd|rd|th)"
_HALF = r"( [AP]M\b)?"


def _calendar(year: str, month: int, day: int) -> str:
    return f"{_MONTHS[month - 1]} {say_ordinal(day)}, {say_year(int(year))}"


def _year_first(match: Match[str]) -> str:
    year, month, day = match.groups()
    return _calendar(year, int(month), int(day))


def _year_last(match: Match[str]) -> str:
    """Read 3/5/2024 with the month first, unless that can't be or full stops tell of the other habit."""
    first, mark, second, year = match.groups()
    month, day = int(first), int(second)
    if month > 12 or (mark == "." and day <= 12):
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return _calendar(year if len(year) == 4 else f"20{year}", month, day)


def _month_and_day(match: Match[str]) -> str:
    month, day, until, year = match.groups()
    said = f"{month} {say_ordinal(int(day))}" + (f" to {say_ordinal(int(until))}" if until else "")
    return said + (f", {say_year(int(year))}" if year else "")


def _day_and_month(match: Match[str]) -> str:
    article, day, written, month, year = match.groups()
    # "23rd of May" is said as it is written, "23 May" with what is missing.
    article = article or ("" if written else "the ")
    said = f"{article}{say_ordinal(int(day))} of {month}"
    return said + (f", {say_year(int(year))}" if year else "")


def _time(match: Match[str]) -> str:
    hours, minutes, seconds = int(match[1]), int(match[2]), match[3]
    return _clock(hours, minutes, said_half=bool(match[4])) + (
        f" and {say_cardinal(int(seconds))} seconds" if seconds and int(seconds) else ""
    )


def _clock(hours: int, minutes: int, *, said_half: bool) -> str:
    if minutes:
        return f"{say_cardinal(hours)} {'oh ' if minutes < 10 else ''}{say_cardinal(minutes)}"
    if said_half:
        return say_cardinal(hours)
    if hours == 0:
        return "midnight"
    return say_cardinal(hours) + (" o'clock" if hours <= 12 else " hundred")


def _decade(match: Match[str]) -> str:
    return plural(say_year(int(match[1])))


def _years(match: Match[str]) -> str:
    first, last = match.groups()
    # "1990-95" ends in "ninety-five", "2019-2021" in "twenty twenty-one".
    return f"{say_year(int(first))} to {say_year(int(last))}"


DATES: tuple[Rule, ...] = (
    rule(
        rf"\b({'|'.join(_DAYS)})\.?\s?[-–]\s?({'|'.join(_DAYS)})\b\.?",
        lambda m: f"{_DAYS[m[1]]} to {_DAYS[m[2]]}",
    ),
    rule(rf"(?<!\d)({_YEAR})[-/.](0?[1-9]|1[0-2])[-/.]({_DAY})(?=T?(?!\d|[-/.]\d))", _year_first),
    rule(rf"(?<![\d/-])({_YEAR})/(\d\d)(?= (?:season|school|academic|fiscal|financial|budget))", _years),
    rule(r"(?<=[a-z])T(?=\d\d:\d\d)", ", "),
    rule(r"(?<=:\d\d)(?:\.\d{1,9})?Z\b", " U T C"),
    rule(rf"(?<![\d/.\-])(\d\d?)([-/.])(\d\d?)\2({_YEAR})(?![\d/\-]|\.\d)", _year_last),
    rule(r"(?<![\d/])(\d\d?)(/)(\d\d?)/(\d\d)(?![\d/])", _year_last),
    rule(
        rf"\b({'|'.join(_DAYS)})\b\.?(?=,? (?:\d|{_SHORT_MONTH}))",
        lambda m: _DAYS[m[1]],
    ),
    rule(rf"\b({_SHORT_MONTH})\b\.?(?= \d)", lambda m: _ABBREVIATED[m[1]]),
    rule(rf"(?<=\d )({_SHORT_MONTH})\b\.?(?=,? {_YEAR}\b)", lambda m: _ABBREVIATED[m[1]]),
    rule(
        rf"\b({_MONTH}) ({_DAY}){_TH}?(?:\s?[-–]\s?({_DAY}){_TH}?)?(?!\d|:\d|[.,/-]\d|%)"
        rf"(?:,? ({_YEAR})\b)?",
        _month_and_day,
    ),
    rule(
        rf"(?<![\d.,/:-])(the )?({_DAY}){_TH}?( of)? ({_MONTH})\b(?:,? ({_YEAR})\b)?",
        _day_and_month,
    ),
)
TIMES: tuple[Rule, ...] = (
    rule(r"(?<=\d)\s?([AaPp])[Mm]\b", lambda m: f" {m[1].upper()}M"),
    rule(r"(?<=\d)\s?[-–~]\s?(?=\d\d?(?::\d\d)? [AP]M\b)", " to "),
    rule(r"(?<=\d [AP]M)\s?[-–~]\s?(?=\d|noon|midnight)|(?<=:\d\d)\s?[-–~]\s?(?=\d\d?:\d\d)", " to "),
    rule(rf"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?![\d:])(?={_HALF})", _time),
    rule(r"(?<!\d)\d\d?(?= [AP]M\b)", lambda m: say_cardinal(int(m[0]))),
)
YEARS: tuple[Rule, ...] = (
    rule(r"(?<!\d)((?:1\d|20)\d0)'?s\b", _decade),
    rule(r"(?<!\d)['’‘]?([1-9]0)'?s\b(?!')", _decade),
    rule(rf"(?<![\d.,/-])({_YEAR})[-–~]({_YEAR}|[2-9]\d)(?![\d.,/-]\d|\d)", _years),
)
