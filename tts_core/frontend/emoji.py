"""Emoji: left out, or called by their names.

What counts as one: pictures by their own nature, and signs such as © where a variation selector asks for the
picture. A sequence (a family, a flag, a skin tone) is one. Keycaps are their digits.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from tts_core.errors import InvalidParameter, MissingDependency
from tts_core.frontend.gaps import is_wide

_PICTURE = (
    "[\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u2600-\u2767\u2794-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55"
    "\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f300-\U0001f3fa\U0001f400-\U0001faff]"
)
_SIGN = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u24c2\u25a0-\u25ff\u2934\u2935\u3030\u303d\u3297\u3299"
    "\U0001f170-\U0001f17f\U0001f202\U0001f237]"
)
_TONE = "[\U0001f3fb-\U0001f3ff]"
_ONE = f"(?:{_PICTURE}|{_SIGN}(?=\ufe0f)|{_TONE})\ufe0f?{_TONE}?[\U000e0020-\U000e007f]*"
_FLAG = "[\U0001f1e6-\U0001f1ff]{1,2}"
_EMOJI = re.compile(f"(?:{_FLAG}|{_ONE}(?:\u200d(?:{_ONE}|[\u2190-\u27bf\u2b00-\u2bff]\ufe0f?))*)")
_KEYCAP = re.compile("([0-9#*])\ufe0f?\u20e3")
_GROUP = re.compile(rf"(?P<one>{_EMOJI.pattern})(?:\s*(?P=one))*")

_LANGUAGES = frozenset("en es ja ko pt it fr de fa id zh ru tr ar".split())  # noqa: SIM905
_SAME_NAMES = {"cmn": "zh", "yue": "zh"}
_COMMAS = {"zh": "，", "ja": "、", "ar": "، ", "fa": "، "}
_MARKS = frozenset(".,!?;:…。，！？；：、")
_OF_REQUESTS = re.compile("^(all|auto)_")


def drop_emoji(text: str) -> tuple[str, int]:
    """Return `text` without emoji, and how many there were."""
    return _replace(text, lambda one: "", " ")


def name_emoji(text: str, language: str) -> tuple[str, int]:
    """Return `text` with the names of its emoji, commas around them, and how many emoji were left out.

    One that is repeated is named once. What Unicode has no name for in the language is left out.

    Args:
        text: with its variation selectors and joiners.
        language: a request language or a BCP 47 tag.

    Raises:
        InvalidParameter: there are no names in that language.
        MissingDependency: the package `emoji` isn't installed.
    """
    tag = re.split("[-_]", _OF_REQUESTS.sub("", language.strip().lower()))[0]
    key = _SAME_NAMES.get(tag, tag)
    if key not in _LANGUAGES:
        known = ", ".join(sorted(_LANGUAGES))
        raise InvalidParameter(f"emoji have no names in {language!r}, only in {known}", param="emoji")
    names = _load_names(key)
    return _replace(text, lambda one: _name(one, names, key), _COMMAS.get(key, ", "))


def _replace(text: str, name_of: Callable[[str], str], comma: str) -> tuple[str, int]:
    text = _KEYCAP.sub(r"\1", text)
    joined = _Joined()
    done = num_dropped = 0
    named = False
    for match in _GROUP.finditer(text):
        joined.add(text[done : match.start()], comma if named else " ")
        name = name_of(match["one"])
        num_dropped += len(_EMOJI.findall(match[0])) - bool(name)
        joined.add(name, comma)
        named = bool(name)
        done = match.end()
    if not done:
        return text, 0
    joined.add(text[done:], comma if named else " ")
    return joined.text(), num_dropped


class _Joined:
    """Text put together of pieces between which something was: words that it parted don't run together."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._last = ""
        self._spaced = False

    def add(self, piece: str, comma: str) -> None:
        """Add a piece; where it begins with a word and follows one, behind `comma`."""
        body = piece.lstrip(" ")
        spaced = self._spaced or len(body) < len(piece)
        piece, body = body, body.rstrip(" ")
        if not body:
            self._spaced = spaced or len(body) < len(piece)
            return
        self._parts += (self._joint(body[0], comma, spaced=spaced), body)
        self._last, self._spaced = body[-1], len(body) < len(piece)

    def _joint(self, following: str, comma: str, *, spaced: bool) -> str:
        if self._last.isalnum() and following.isalnum():
            run_on = comma == " " and not spaced and is_wide(self._last) and is_wide(following)
            return "" if run_on else comma
        if following in _MARKS:
            return ""
        apart = comma.endswith(" ") and self._last and following.isalnum() and not self._last.isspace()
        return " " if spaced or (apart and not is_wide(following)) else ""

    def text(self) -> str:
        return "".join(self._parts) + (" " if self._spaced else "")


def _name(one: str, names: dict[str, Any], key: str) -> str:
    """Return what an emoji is called; a sequence that has no name of its own by the names of its parts."""
    entry = names.get(one) or names.get(one.replace("\ufe0f", "")) or names.get(one + "\ufe0f")
    if entry is None and len(one) > 1:
        parts = [_name(char, names, key) for char in one if char in names or char + "\ufe0f" in names]
        return ", ".join(part for part in parts if part)
    name: str = (entry or {}).get(key, "")
    return re.sub("[_ ]+", " ", name.strip(":")).strip()


@functools.cache
def _load_names(key: str) -> dict[str, Any]:
    try:
        import emoji
    except ModuleNotFoundError as error:
        raise MissingDependency("naming emoji needs the package emoji: pip install emoji") from error
    emoji.config.load_language(key)
    names: dict[str, Any] = emoji.EMOJI_DATA
    return names
