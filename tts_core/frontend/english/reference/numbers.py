"""Numbers as the reference says them: few kinds, each wherever its pattern stands, in a fixed order."""

from __future__ import annotations

from re import Match

from tts_core.frontend.english.cardinals import ONES, TENS, ordinal_form, say_digits
from tts_core.frontend.rules import Rule, rule

_SCALES = (  # noqa: SIM905
    "thousand million billion trillion quadrillion quintillion sextillion septillion octillion nonillion"
    " decillion"
).split()
_MAX_DIGITS = 3 * (len(_SCALES) + 1)
# Name of one, of many.
_UNITS = {
    "m": ("meter", "meters"),
    "km": ("kilometer", "kilometers"),
    "ft": ("feet", "feet"),
    "L": ("liter", "liters"),
    "tbsp": ("tablespoon", "tablespoons"),
    "tsp": ("teaspoon", "teaspoons"),
    "h": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "s": ("second", "seconds"),
    "°C": ("degree celsius", "degrees celsius"),
    "°F": ("degree fahrenheit", "degrees fahrenheit"),
}
_DOLLARS = ("dollar", "dollars", "cent", "cents")
_POUNDS = ("pound", "pounds", "penny", "pence")
_SIGNS = {"+": "plus", "-": "minus", "×": "times", "÷": "divided by", "=": "Equals"}
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹ˣʸⁿ"
_AMOUNT = r"([0-9.,]*[0-9])"


def say_whole(digits: str, *, joined_by: str = " ") -> str:
    """Read a cardinal; one by one where the names of thousands end.

    Args:
        digits: with or without leading zeros.
        joined_by: what stands between hundreds and the rest: a space, or " and ".
    """
    digits = digits.lstrip("0") or "0"
    if len(digits) > _MAX_DIGITS:
        return say_digits(digits)
    number = int(digits)
    if number < 1000:
        return _say_group(number, joined_by)
    named: list[str] = []
    rest, last = divmod(number, 1000)
    for scale in _SCALES:
        rest, group = divmod(rest, 1000)
        if group:
            named.insert(0, f"{_say_group(group, joined_by)} {scale}")
    said = ", ".join(named)
    if not last:
        return said
    return said + (joined_by if last < 100 else ", ") + _say_group(last, joined_by)


def _say_group(number: int, joined_by: str) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _say_below_hundred(rest)
    said = f"{ONES[hundreds]} hundred"
    return said + (joined_by + _say_below_hundred(rest) if rest else "")


def _say_below_hundred(number: int) -> str:
    if number < 20:
        return ONES[number]
    tens, ones = divmod(number, 10)
    return TENS[tens] + (f"-{ONES[ones]}" if ones else "")


def _say_ordinal(digits: str) -> str:
    return ordinal_form(say_whole(digits, joined_by=" and "))


def _item(match: Match[str]) -> str:
    """Read "2. " as the second of a list, which every number at the end of a sentence is taken for."""
    digits = match[1]
    teen = len(digits) > 1 and digits[-2] == "1"
    ending = "th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")
    return f"{digits}{ending}, "


def _time(match: Match[str]) -> str:
    hours, minutes = int(match[1]), int(match[2])
    half = "a.m." if hours < 12 else "p.m."
    minute = _say_below_hundred(minutes) if minutes else "o'clock"
    return f"{_say_below_hundred(hours - 12 if hours > 12 else hours)} {minute} {half}"


def _measure(match: Match[str]) -> str:
    number, unit = match.groups()
    return f"{number} {_UNITS[unit][number.lstrip('0') != '1']}"


def _money(amount: str, names: tuple[str, str, str, str]) -> str:
    unit, units, part, parts = names
    whole, *rest = amount.replace(",", "").split(".")
    if len(rest) > 1:
        return f"{amount} {units}"
    whole = whole.lstrip("0")
    hundredths = rest[0].ljust(2, "0").lstrip("0") if rest else ""
    said = [f"{whole} {unit if whole == '1' else units}"] if whole else []
    if hundredths:
        said.append(f"{hundredths} {part if hundredths == '1' else parts}")
    return " and ".join(said) or f"zero {units}"


def _decimal(match: Match[str]) -> str:
    return f"{match[1]} point {' '.join(match[2])}"


def _fraction(match: Match[str]) -> str:
    above, below = match[1].lstrip("0"), match[2].lstrip("0")
    said = say_whole(above, joined_by=" and ")
    if below == "1":
        return said
    if below == "2":
        return f"{said} {'half' if above == '1' else 'halves'}"
    return f"{said} {_say_ordinal(below)}{'' if above in ('', '1') else 's'}"


def _number(match: Match[str]) -> str:
    """Read a number; between a thousand and three thousand as a year."""
    digits = match[0].lstrip("0")
    if len(digits) != 4 or not "1000" < digits < "3000" or digits == "2000":
        return say_whole(digits)
    century, rest = divmod(int(digits), 100)
    if century == 20 and rest < 10:
        return f"two thousand {ONES[rest]}"
    if not rest:
        return f"{_say_below_hundred(century)} hundred"
    return f"{_say_below_hundred(century)} {'oh ' if rest < 10 else ''}{_say_below_hundred(rest)}"


NUMBERS: tuple[Rule, ...] = (
    rule(r"\b([0-9]+)\. ", _item),
    rule(
        rf"([0-9A-Za-z][{_RAISED}]*)\s+([-+×÷=])\s+(?=-?[0-9]|\.[0-9]|[A-Za-z])",
        lambda m: f"{m[1]} {_SIGNS[m[2]]} ",
    ),
    rule(r"(?:^|(?<!\s)\s+)-(?=[0-9])", "negative "),
    rule(r"[0-9][0-9,]+[0-9]", lambda m: m[0].replace(",", "")),
    rule(r"\b([01]?[0-9]|2[0-3]):([0-5][0-9])\b", _time),
    rule(r"\b([0-9]+(?:\.[0-9]+)?)(" + "|".join(_UNITS) + r")\b", _measure),
    rule(rf"£{_AMOUNT}", lambda m: _money(m[1], _POUNDS)),
    rule(rf"(?<![0-9.,]){_AMOUNT}£", lambda m: _money(m[1], _POUNDS)),
    rule(rf"\${_AMOUNT}", lambda m: _money(m[1], _DOLLARS)),
    rule(rf"(?<![0-9.,]){_AMOUNT}\$", lambda m: _money(m[1], _DOLLARS)),
    rule(r"(?<![0-9])([0-9]+)\.(\s*[0-9]+)", _decimal),
    rule(r"(?<![0-9])([0-9]+)/([0-9]+)", _fraction),
    rule(r"(?<![0-9])([0-9]+)(?:st|nd|rd|th)", lambda m: _say_ordinal(m[1])),
    rule(r"[0-9]+", _number),
)
