"""Addresses of pages and mailboxes, and Latin letters with accents. Open JTalk spells what is left."""

from __future__ import annotations

import re
import unicodedata

_SCHEME = re.compile(r"\b(?:https?|ftp)://(?:www\.)?", re.IGNORECASE)
# The parts are bounded, so that a long run without an "@" or a dot is not tried again from every letter.
_MAILBOX = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.ASCII)
_PAGE = re.compile(
    r"(?<![\w.-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,6}"
    r"\.(?:com|net|org|jp|io|dev|info|edu|gov|tv|ai|me|uk|de|fr|cn|kr|us)(?![\w.-]*\w)(?:/[\w./?=&%#~+-]*[\w/])?",
    re.ASCII | re.IGNORECASE,
)
_ACCENTED = re.compile("[\u00c0-\u024f]")
_UNDECOMPOSED = {
    "ß": "ss",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
}
_SIGNS = {
    ".": "ドット",
    "@": "アットマーク",
    "/": "スラッシュ",
    "-": "ハイフン",
    "_": "アンダーバー",
    "+": "プラス",
    "?": "はてな",
    "=": "イコール",
    "&": "アンド",
    "%": "パーセント",
    "#": "シャープ",
    "~": "チルダ",
}
_NAMES = re.compile(r"\b(com|net|org|info|www)\b", re.IGNORECASE)
_KATAKANA = {
    "com": "コム",
    "net": "ネット",
    "org": "オルグ",
    "info": "インフォ",
    "www": "ダブリューダブリューダブリュー",
}
_DOT = re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z0-9])|(?<=[0-9])\.(?=[A-Za-z])")
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])['’](?=[A-Za-z])")


def say_addresses(text: str) -> str:
    """Replace the signs in addresses of pages and mailboxes by their names; dots inside Latin words too."""
    text = _SCHEME.sub("", text)
    text = _PAGE.sub(_say, _MAILBOX.sub(_say, text))
    return _APOSTROPHE.sub("", _DOT.sub("ドット", text))


def without_accents(text: str) -> str:
    """Return the text with plain Latin letters for accented ones, where there are such."""
    return _ACCENTED.sub(lambda match: _UNDECOMPOSED.get(match[0]) or _plain(match[0]), text)


def _plain(letter: str) -> str:
    first = unicodedata.normalize("NFD", letter)[0]
    return first if first.isascii() else letter


def _say(match: re.Match[str]) -> str:
    spoken = _NAMES.sub(lambda name: _KATAKANA[name[0].lower()], match[0])
    return "".join(_SIGNS.get(char, char) for char in spoken)
