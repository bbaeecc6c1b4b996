"""Sums of money as English says them."""

from __future__ import annotations

from re import Match

from tts_core.frontend.english.cardinals import plural, say_number, say_whole
from tts_core.frontend.rules import FIRST, NUMBER, Rule, rule

# Name and hundredth; None where nobody counts hundredths any more.
_DOLLAR = ("dollar", "cent")
_SIGNS: dict[str, tuple[str, str | None]] = {
    "US$": ("U S dollar", "cent"),
    "HK$": ("Hong Kong dollar", "cent"),
    "NT$": ("Taiwan dollar", "cent"),
    "CA$": ("Canadian dollar", "cent"),
    "C$": ("Canadian dollar", "cent"),
    "A$": ("Australian dollar", "cent"),
    "AU$": ("Australian dollar", "cent"),
    "S$": ("Singapore dollar", "cent"),
    "R$": ("real", "centavo"),
    "$": _DOLLAR,
    "€": ("euro", "cent"),
    "£": ("pound", "penny"),
    "¥": ("yen", None),
    "₹": ("rupee", "paisa"),
    "₩": ("won", None),
    "₽": ("ruble", None),
    "₿": ("bitcoin", None),
    "₫": ("dong", None),
    "฿": ("baht", None),
    "₺": ("lira", None),
    "₱": ("peso", None),
}
_CODES: dict[str, tuple[str, str | None]] = {
    "USD": ("U S dollar", "cent"),
    "EUR": ("euro", "cent"),
    "GBP": ("pound", "penny"),
    "JPY": ("yen", None),
    "CNY": ("yuan", None),
    "RMB": ("yuan", None),
    "HKD": ("Hong Kong dollar", "cent"),
    "CAD": ("Canadian dollar", "cent"),
    "AUD": ("Australian dollar", "cent"),
    "INR": ("rupee", "paisa"),
    "KRW": ("won", None),
    "CHF": ("Swiss franc", None),
    "BTC": ("bitcoin", None),
}
_SAME_PLURAL = frozenset(("yen", "yuan", "won", "dong", "baht", "lira"))
_SCALES = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "mm": "million",
    "b": "billion",
    "bn": "billion",
    "t": "trillion",
    "tn": "trillion",
}
_SIGN = "|".join(sorted((sign.replace("$", r"\$") for sign in _SIGNS), key=len, reverse=True))
_CODE = "|".join(_CODES)
_LETTER = rf"((?i:{'|'.join(sorted(_SCALES, key=len, reverse=True))}))"
_SCALE = rf"(?:[ -]?(thousand|million|billion|trillion)\b|\s?{_LETTER}\b(?!'))?"
_TO = r"\s?(?:[-–~]|to)\s?"
_ARTICLE = r"(\b[Aa]n? )?"


def _units(name: str, *, one: bool) -> str:
    if one or name.rpartition(" ")[2] in _SAME_PLURAL:
        return name
    return {"penny": "pence", "paisa": "paise"}.get(name) or plural(name)


def _sum(amount: str, scale: str, currency: tuple[str, str | None], *, one: bool = False) -> str:
    name, part_name = currency
    whole, _, parts = amount.replace(",", "").partition(".")
    if scale:
        return f"{say_number(amount)} {scale} {_units(name, one=one)}"
    if not parts.strip("0") and (len(parts) == 2 or not parts):
        return f"{say_whole(whole)} {_units(name, one=one or whole == '1')}"
    if part_name is None or len(parts) > 2:
        return f"{say_number(amount)} {_units(name, one=one)}"
    count = int(parts.ljust(2, "0"))
    said = f"{say_whole(str(count))} {_units(part_name, one=one or count == 1)}"
    return said if not whole.strip("0") else f"{_sum(whole, '', currency)} and {said}"


def _scale(word: str | None, letter: str | None) -> str:
    return word or (_SCALES[letter.lower()] if letter else "")


def _signed_range(match: Match[str]) -> str:
    sign, first, first_letter, last, word, letter = match.groups()
    scale = f" {_scale(None, first_letter)}" if first_letter else ""
    return f"{say_number(first)}{scale} to {_sum(last, _scale(word, letter), _SIGNS[sign])}"


def _signed(match: Match[str]) -> str:
    article, minus, sign, amount, word, letter = match.groups()
    said = _sum(amount, _scale(word, letter), _SIGNS[sign], one=bool(article))
    return f"{article or ''}{'negative ' if minus else ''}{said}"


def _code_first(match: Match[str]) -> str:
    code, amount, word, letter = match.groups()
    return _sum(amount, _scale(word, letter), _CODES[code])


def _name_last(match: Match[str]) -> str:
    amount, word, letter, name = match.groups()
    return _sum(amount, _scale(word, letter), _CODES.get(name) or _SIGNS[name])


MONEY: tuple[Rule, ...] = (
    rule(
        rf"(?<![A-Za-z])({_SIGN})\s?({NUMBER}){_LETTER}?{_TO}\1?({NUMBER})(?![\d,.]*\d){_SCALE}",
        _signed_range,
    ),
    rule(rf"{_ARTICLE}((?<!\w)[-−])?(?<![A-Za-z])({_SIGN})\s?({NUMBER}){_SCALE}", _signed),
    rule(rf"\b({_CODE})\s?({NUMBER}){_SCALE}", _code_first),
    rule(rf"{FIRST}({NUMBER}){_SCALE}\s?({_CODE})\b", _name_last),
    rule(rf"{FIRST}({NUMBER}){_SCALE}\s?([€£₽₫฿₺])", _name_last),
    rule(rf"{FIRST}({NUMBER})\s?¢", lambda m: f"{say_number(m[1])} {'cent' if m[1] == '1' else 'cents'}"),
)
