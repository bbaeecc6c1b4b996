"""Letters read by their names: Latin ones, addresses of the web, and Hangul letters that stand alone."""

from __future__ import annotations

import re
from re import Match

from tts_core.frontend.korean.jamo import SILENT, VOWELS, Syllable, compose
from tts_core.frontend.korean.numbers import say_digits

_LATIN_NAMES = (
    "에이 비 시 디 이 에프 지 에이치 아이 제이 케이 엘 엠"
    " 엔 오 피 큐 아르 에스 티 유 브이 더블유 엑스 와이 제트"
)
_LATIN = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _LATIN_NAMES.split(), strict=True))
_HANGUL_NAMES = (
    "기역 니은 디귿 리을 미음 비읍 시옷 이응 지읒 치읓 키읔 티읕 피읖 히읗 쌍기역 쌍디귿 쌍비읍 쌍시옷 쌍지읒"
)
_HANGUL = dict(zip("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎㄲㄸㅃㅆㅉ", _HANGUL_NAMES.split(), strict=True))
_SHORTHAND = {"ㅇㅇ": "응", "ㄴㄴ": "노노", "ㄱㄱ": "고고", "ㅇㅋ": "오케이", "ㄱㅅ": "감사", "ㅊㅋ": "축하"}
_SHORTHAND |= {"ㅈㅅ": "죄송", "ㄷㄷ": "덜덜", "ㅂㅂ": "바이바이", "ㄱㄷ": "기다려"}
_LAUGHTER = {"ㅋ": "크", "ㅎ": "흐"}
_TEARS = frozenset("ㅠㅜㅡ")
_MAX_LAUGHS = 3
_JAMO_RUN = re.compile(r"[\u3131-\u318e]+")

# A token of the characters of addresses; what makes it one is decided once for the whole token.
_TOKEN = re.compile(r"(?<![A-Za-z0-9._@/:+-])[A-Za-z0-9][A-Za-z0-9._@/:+?=&#%~-]*")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^.]+\..+"
    r"|[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|(?=.*[A-Za-z].*\.)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[a-z]{2,6}(?:/.*)?"
)
_SCHEME = re.compile(r"https?://")
_PIECE = re.compile(r"\.(?:com|net)(?![A-Za-z0-9])|[A-Za-z]+|\d+|.")
_SIGNS = {
    ".": "점",
    "@": "골뱅이",
    "/": "슬래시",
    "_": "언더바",
    "-": "대시",
    ":": "콜론",
    "?": "물음표",
    "=": "이퀄",
}
_SIGNS |= {"&": "앤드", "#": "샵", "%": "퍼센트", "+": "플러스", "~": "물결"}
_SIGNS |= {".com": "닷컴", ".net": "닷넷"}
_MAX_ADDRESS = 2048


def say_latin(text: str) -> str:
    """Read every ASCII letter by its name."""
    return re.sub("[A-Za-z]+", lambda match: "".join(_LATIN[char] for char in match[0].upper()), text)


def say_addresses(text: str) -> str:
    """Read web and e-mail addresses: letters and digits one by one, signs by name, no "https"."""
    return _TOKEN.sub(_say_token, text)


def _say_token(match: Match[str]) -> str:
    address = match[0].rstrip(".,:?-")
    if len(address) > _MAX_ADDRESS or not _ADDRESS.fullmatch(address):
        return match[0]
    pieces = _PIECE.findall(_SCHEME.sub("", address))
    return " ".join(_say_piece(piece) for piece in pieces).replace(" 닷", "닷") + match[0][len(address) :]


def _say_piece(piece: str) -> str:
    if piece in _SIGNS:
        return _SIGNS[piece]
    return say_digits(piece) if piece[0].isdigit() else say_latin(piece)


def say_jamo(text: str) -> str:
    """Read Hangul letters outside syllables: laughter, shorthand, else their names; not tears."""
    return _JAMO_RUN.sub(_say_jamo_run, text)


def _say_jamo_run(match: Match[str]) -> str:
    run = match[0]
    if len(run) > 1 and _LAUGHTER.keys() >= set(run):
        return "".join(_LAUGHTER[letter] for letter in run[:_MAX_LAUGHS])
    if run in _SHORTHAND:
        return _SHORTHAND[run]
    if len(run) > 1 and _TEARS.issuperset(run):
        return run
    return "".join(_jamo_name(letter) for letter in run)


def _jamo_name(letter: str) -> str:
    if letter in VOWELS:
        return compose(Syllable(SILENT, letter, ""))
    return _HANGUL.get(letter, letter)
