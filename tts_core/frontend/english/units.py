"""Measures as English says them."""

from __future__ import annotations

from re import Match

from tts_core.frontend.english.cardinals import plural, say_number
from tts_core.frontend.rules import FIRST, NUMBER, Rule, rule

_LENGTHS = {
    "km": "kilometer",
    "m": "meter",
    "cm": "centimeter",
    "mm": "millimeter",
    "μm": "micrometer",
    "nm": "nanometer",
    "mi": "mile",
    "yd": "yard",
    "ft": "foot",
    "inch": "inch",
}
_TIMES = {
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "min": "minute",
    "mins": "minute",
    "s": "second",
    "sec": "second",
    "secs": "second",
    "ms": "millisecond",
    "μs": "microsecond",
    "ns": "nanosecond",
}
_OTHERS = {
    "kg": "kilogram",
    "g": "gram",
    "mg": "milligram",
    "μg": "microgram",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "L": "liter",
    "l": "liter",
    "dl": "deciliter",
    "dL": "deciliter",
    "ml": "milliliter",
    "mL": "milliliter",
    "gal": "gallon",
    "mol": "mole",
    "W": "watt",
    "kW": "kilowatt",
    "MW": "megawatt",
    "GW": "gigawatt",
    "Wh": "watt hour",
    "kWh": "kilowatt hour",
    "MWh": "megawatt hour",
    "V": "volt",
    "kV": "kilovolt",
    "mV": "millivolt",
    "mA": "milliamp",
    "Ah": "amp hour",
    "mAh": "milliamp hour",
    "kJ": "kilojoule",
    "kcal": "kilocalorie",
    "cal": "calorie",
    "kPa": "kilopascal",
    "hPa": "hectopascal",
    "MPa": "megapascal",
    "Hz": "hertz",
    "kHz": "kilohertz",
    "MHz": "megahertz",
    "GHz": "gigahertz",
    "dB": "decibel",
    "KB": "kilobyte",
    "kB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "PB": "petabyte",
    "KiB": "kibibyte",
    "MiB": "mebibyte",
    "GiB": "gibibyte",
    "TiB": "tebibyte",
    "kbps": "kilobit per second",
    "Kbps": "kilobit per second",
    "Mbps": "megabit per second",
    "Gbps": "gigabit per second",
    "mph": "mile per hour",
    "kph": "kilometer per hour",
    "kmh": "kilometer per hour",
    "rpm": "revolution per minute",
    "fps": "frame per second",
    "px": "pixel",
    "dpi": "dot per inch",
    "psi": "pound per square inch",
    "bps": "basis point",
    "ha": "hectare",
    "°C": "degree celsius",
    "°F": "degree fahrenheit",
    "°": "degree",
    "Ω": "ohm",
    "kΩ": "kilohm",
}
_UNITS = _LENGTHS | _TIMES | _OTHERS
_WORDS = (
    "second|minute|hour|day|week|month|quarter|year|person|user|head|unit|item|night|token|seat|page|share"
)
_SPANS = {"sec": "second", "min": "minute", "hr": "hour", "wk": "week", "mo": "month", "yr": "year"}
_POWERS = {"^2": "square", "2": "square", "^3": "cubic", "3": "cubic"}
_TIME_POWERS = {"^2": "squared", "2": "squared", "^3": "cubed", "3": "cubed"}
# "in" is a word far more often than an inch.
_NAME = "|".join(sorted(_UNITS, key=len, reverse=True))
_SAME_PLURAL = frozenset(("hertz", "kilohertz", "megahertz", "gigahertz"))
_END = r"(?![A-Za-z0-9]|\.\d)"


def _powered(unit: str, power: str | None) -> str:
    name = _UNITS[unit]
    if not power:
        return name
    if unit in _TIMES:
        return f"{name} {_TIME_POWERS[power]}"
    return f"{_POWERS[power]} {name}"


def _many(name: str) -> str:
    """Return the plural of a unit, whose first noun may follow "square" and stand before "per hour"."""
    head, _, rest = name.partition(" per ")
    words = head.split(" ")
    # "degrees celsius", but "kilowatt hours".
    index = 0 if words[0] == "degree" else -1
    if words[index] not in _SAME_PLURAL:
        words[index] = "feet" if words[index] == "foot" else plural(words[index])
    return " ".join(words) + (f" per {rest}" if rest else "")


def _measure(match: Match[str]) -> str:
    article, amount, unit, power, per, per_power, per_word = match.groups()
    name = _powered(unit, power)
    if per:
        name += f" per {_powered(per, per_power)}"
    elif per_word:
        name += f" per {per_word}"
    if not article and amount != "1":
        name = _many(name)
    return f"{article or ''}{say_number(amount)} {name}"


def _hours_and_minutes(match: Match[str]) -> str:
    names = ("hour", "minute", "second")
    said = [
        f"{say_number(amount)} {name if amount == '1' else plural(name)}"
        for amount, name in zip(match.groups(), names, strict=True)
        if amount
    ]
    return " ".join(said)


UNITS: tuple[Rule, ...] = (
    rule(r"(?<!\w)(\d{1,3})h ?(\d{1,2})m(?:in)?(?: ?(\d{1,2})s)?(?!\w)", _hours_and_minutes),
    rule(r"(?<!\w)()(\d{1,3})m(?:in)? ?(\d{1,2})s(?!\w)", _hours_and_minutes),
    rule(rf"{FIRST}({NUMBER}) ?sq\.? ?(?=(?:ft|mi|km|m|yd|in)\b)", r"\1 square "),
    rule(r"(?<=square )(ft|mi|km|m|yd)\b\.?", lambda m: _many(_UNITS[m[1]])),
    rule(rf"{FIRST}(\d)['′](\d\d?)[\"″]", lambda m: f"{say_number(m[1])} foot {say_number(m[2])}"),
    rule(
        rf"(\b[Aa]n? )?{FIRST}({NUMBER})[ -]?({_NAME})(\^?[23])?"
        rf"(?: ?/ ?(?:({_NAME})(\^?[23])?(?![A-Za-z])|({_WORDS})\b))?{_END}",
        _measure,
    ),
    rule(rf"(?<=[a-z0-9]) ?/ ?({_WORDS})\b", r" per \1"),
    rule(rf"(?<=[a-z0-9]) ?/ ?({'|'.join(_SPANS)})\b", lambda m: f" per {_SPANS[m[1]]}"),
)
