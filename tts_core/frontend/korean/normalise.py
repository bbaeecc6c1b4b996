"""Korean text as the pronunciation rules want it: Hangul syllables, spaces and marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from re import Match

from tts_core.frontend.circled import part_circled
from tts_core.frontend.cut import collapse_punctuation
from tts_core.frontend.korean.jamo import CODAS, ONSETS, VOWELS, decompose
from tts_core.frontend.korean.letters import say_addresses, say_jamo, say_latin
from tts_core.frontend.korean.readings import say_numbers

_SILENT_CATEGORIES = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn"))
_NOT_HANGUL = re.compile(r"[^\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3\s…]+")
_CONJOINING = str.maketrans(
    {
        **{chr(0x1100 + index): letter for index, letter in enumerate(ONSETS)},
        **{chr(0x1161 + index): letter for index, letter in enumerate(VOWELS)},
        **{chr(0x11A7 + index): letter for index, letter in enumerate(CODAS) if letter},
    }
)
_BEFORE_ALL = str.maketrans(
    {
        **dict.fromkeys("\n\r\v\f\x85\u2028\u2029", "."),
        **dict.fromkeys("™®©℠"),
        **dict.fromkeys("⋯‥", "…"),
        **{chr(0x2160 + index): str(index + 1) for index in range(12)},  # Roman numerals of one character
        "㈜": "주식회사 ",
        "№": "넘버 ",
        "ㆍ": "·",
        "；": ",",
        "\t": " ",
    }
)
_AFTER_NUMBERS = str.maketrans(
    {
        **dict.fromkeys("。｡", "."),
        **dict.fromkeys("、·・•", ","),
        **dict.fromkeys("—–―−", "-"),
        "_": " ",
        "&": " 앤드 ",
        "+": " 플러스 ",
        "@": " 골뱅이 ",
        "×": " 곱하기 ",
        "÷": " 나누기 ",
        "%": " 퍼센트 ",
    }
)
_ARITHMETIC: tuple[tuple[re.Pattern[str], Callable[[Match[str]], str]], ...] = (
    (re.compile("：(?!\\d)"), lambda _: ","),
    (re.compile("(?<![A-Za-z])[Nn]o\\. ?(?=\\d)"), lambda _: "넘버 "),
    (re.compile("(?<=\\d)([²³])"), lambda m: " 제곱" if m[1] == "²" else " 세제곱"),
    (re.compile("(?<=\\d) ?\\+ ?(?=\\d)"), lambda _: " 더하기 "),
    (re.compile("(?<=\\d) - (?=\\d)|(?<=\\d)-(?=\\d{1,9} ?=)"), lambda _: " 빼기 "),
    (re.compile("(?<=\\d) ?[×xX*] ?(?=\\d)"), lambda _: " 곱하기 "),
    (re.compile("(?<=\\d) ?÷ ?(?=\\d)"), lambda _: " 나누기 "),
    # The topic particle goes by the last sound of the number's name.
    (re.compile("(?<=(\\d)) ?= ?(?=[\\d-])"), lambda m: "은 " if m[1] in "013678" else "는 "),
    (re.compile("(?<=([가-힣])) ?= ?(?=[\\d가-힣-])"), lambda m: "은 " if decompose(m[1]).coda else "는 "),
)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]+")
_PARTING = r"\"'()\[\]{}<>《》〈〉「」『』“”‘’:;/~|\\"
_PARTED = re.compile(f"([{_PARTING}])[{_PARTING}]+")
_UNWRITTEN = re.compile(rf"[^ 가-힣!?…,.\-{_PARTING}]+")


def normalise(text: str, read_han: Callable[[str], str]) -> tuple[str, int]:
    """Return the text as it is read, and the number of letters and digits that were left out.

    Args:
        text: any text.
        read_han: returns the Hangul reading of Han characters; what it can't read stays as it is.
    """
    text = part_circled(_printed(text), ", ")
    for pattern, reading in _ARITHMETIC:
        text = pattern.sub(reading, text)
    text = _compatible(text)
    text = say_numbers(say_addresses(text)).translate(_AFTER_NUMBERS)
    text = _HAN.sub(lambda match: read_han(match[0]), say_jamo(say_latin(text)))
    dropped = "".join(_UNWRITTEN.findall(text))
    num_dropped = sum(char.isalnum() for char in dropped)
    text = _PARTED.sub(r"\1", _UNWRITTEN.sub("", text))
    return re.sub(" {2,}", " ", collapse_punctuation(text)), num_dropped


def _printed(text: str) -> str:
    """Remove what has no form of its own: controls, marks of direction, joiners, lone surrogates."""
    text = text.translate(_BEFORE_ALL)
    # Before any composing: Unicode sorts a pile of marks in quadratic time.
    text = "".join(char for char in text if unicodedata.category(char) not in _SILENT_CATEGORIES)
    return re.sub(r"\s+", " ", text)


def _compatible(text: str) -> str:
    """Write full-width, circled, squared and accented characters as plain ones."""
    text = unicodedata.normalize("NFC", _NOT_HANGUL.sub(lambda match: _plain(match[0]), text))
    return text.translate(_CONJOINING).replace("⁄", "/")


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
