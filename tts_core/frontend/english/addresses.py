"""Addresses of the web, of mail and of computers, numbers to dial, versions: what is read sign by sign."""

from __future__ import annotations

import re
from re import Match

from tts_core.frontend.english.cardinals import say_digits, say_whole
from tts_core.frontend.rules import Rule, rule

_IN_ADDRESS = {
    ".": " dot ",
    "/": " slash ",
    "-": " dash ",
    "_": " underscore ",
    "?": " question mark ",
    "=": " equals ",
    "&": " and ",
    "#": " hash ",
    ":": " colon ",
    "%": " percent ",
    "+": " plus ",
    "@": " at ",
    "~": " tilde ",
}
_SIGN = re.compile("[" + re.escape("".join(_IN_ADDRESS)) + "]")
_TOP = "com|org|net|edu|gov|io|ai|dev|app|co|cn|uk|de|jp|fr|me|tv|info|xyz|us|eu|in|ru|hk|tw"
# The last character is no mark of the sentence around.
_TAIL = r"(?:[/?#](?:[\w.~:/?#@!$&*+=%-]{0,2000}[\w/~#=%&+$-])?)?"
_HOST = r"(?:[A-Za-z0-9-]{1,63}\.){1,10}"
_DATE = r"\d\d?\.\d\d?\.(?:19|20)\d\d\b"
_MAX_SAID_GROUP = 2


def _spelled(address: str) -> str:
    return _SIGN.sub(lambda match: _IN_ADDRESS[match[0]], address).strip()


def _web(match: Match[str]) -> str:
    return _spelled(match[1].rstrip("/"))


def _group(digits: str) -> str:
    return say_digits(digits) if len(digits) > _MAX_SAID_GROUP else say_whole(digits)


def _computer(match: Match[str]) -> str:
    numbers, mark, rest = match.groups()
    said = " dot ".join(map(_group, numbers.split(".")))
    if mark:
        said += (" port " if mark == ":" else " slash ") + say_whole(rest)
    return said


def _version(match: Match[str]) -> str:
    return "version " + match[1] if match[1].count(".") < 2 else "version " + _points(match[1])


def _points(numbers: str) -> str:
    return " point ".join(map(say_whole, numbers.split(".")))


def _telephone(match: Match[str]) -> str:
    groups = ", ".join(map(say_digits, re.findall(r"\d+", match[0])))
    return f"plus {groups}" if match[0].startswith("+") else groups


ADDRESSES: tuple[Rule, ...] = (
    rule(r"\b(?:https?|ftp)://(?:www\.)?([\w.-]{1,255}(?::\d{1,5})?" + _TAIL + ")", _web, re.IGNORECASE),
    rule(r"(?<![\w.+-])([\w.+-]{1,64}@" + _HOST + r"[A-Za-z]{2,24})\b", lambda m: _spelled(m[1])),
    rule(rf"(?<![\w.@-])(?:www\.)?({_HOST}(?:{_TOP})\b(?!\.\w){_TAIL})", _web),
    rule(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?:([:/])(\d{1,5}))?(?![\d.]*\d)", _computer),
    rule(r"(?<!\w)[vV]er(?:sion)?s?\.? ?[vV]?(?=\d)", "version "),
    rule(r"(?<![\w.])(?<!version )[vV](\d{1,5}(?:\.\d{1,5}){1,4})(?![\d.]*\d)", _version),
    rule(rf"(?<![\w.])(?!{_DATE})(\d{{1,5}}(?:\.\d{{1,5}}){{2,4}})(?![\d.]*\d)", lambda m: _points(m[1])),
)
TELEPHONES: tuple[Rule, ...] = (
    rule(
        r"(?<![\w.+-])\+"
        r"(?:\d{1,3}[ -]?(?:\(\d{1,4}\)[ -]?)?\d{1,5}(?:[ -]\d{2,5}){1,4}(?![\w-])|\d{8,15}(?!\w))",
        _telephone,
    ),
    rule(r"(?<![\w.-])(?:1[ -])?(?:\(\d{3}\) ?|\d{3}[- ])\d{3}-\d{4}(?![\w-])", _telephone),
    rule(r"(?<![\w.-])\d{3}\.\d{3}\.\d{4}(?![\w-]|\.\d)", _telephone),
    rule(r"(?<![\w.-])(?:\d{3}-\d{4}|\d{3}-\d{2}-\d{4})(?![\w-])", _telephone),
    rule(r"(?<![\w.,$€£-])(?:911|411)(?![\w%]|[.,]\d)", lambda m: say_digits(m[0])),
)
