"""English text as the dictionary wants it: letters, apostrophes, hyphens and marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from tts_core.frontend.english.abbreviations import ABBREVIATIONS
from tts_core.frontend.english.addresses import ADDRESSES
from tts_core.frontend.english.capitals import is_word, split_capitals
from tts_core.frontend.english.numbers import say_numbers
from tts_core.frontend.english.roman import ROMAN
from tts_core.frontend.english.signs import SIGNS, say_signs, superscripts
from tts_core.frontend.rules import apply

_EARLY_MARKS = str.maketrans(
    {**dict.fromkeys("’‘`´ʼ", "'"), "…": ".", "™": None, "®": None, "©": None, "№": "number "}
)
_MARKS = str.maketrans(
    {
        **dict.fromkeys("。｡।॥۔", "."),
        **dict.fromkeys("、；;：:—–،", ","),
        "\u2010": "-",
        "\u2011": "-",
        "\n": ". ",
    }
)
_BEFORE_FRACTION = re.compile("(?<=[0-9]) ?(?=[¼-¾⅐-⅞])")
_BEFORE_DECIMAL = re.compile(r"(?<=[A-Z])(?=\d{1,9}\.\d)")
_DOT_IN_NAME = re.compile(r"(?<=[A-Za-z])\.(?=[a-z]{2})")
_UNWRITTEN = re.compile(r"[^ A-Za-z'.,?!\-]")
_SIGN_BETWEEN_WORDS = re.compile(r"(?<=[A-Za-z])(?:[^\w\s'.,?!\-]|_)+(?=[A-Za-z])")
_SPACE_BEFORE_MARK = re.compile(r"(?<! ) +(?=[.,?!])")
_REPEATED = re.compile(r"([!?…,.\-\s])[!?…,.\-]+")
_SHOUTED = re.compile(r"\b[A-Z][A-Z']+\b")
_SHOUTED_WORDS = 3


def normalise(text: str, words: Container[str] = ()) -> tuple[str, int]:
    """Return the text as it is read, and the number of letters and digits in it that English can't read.

    Args:
        text: any text.
        words: what the dictionary knows, in small letters; it tells NATO from USB.
    """
    text = superscripts(_BEFORE_FRACTION.sub(" and ", text.translate(_EARLY_MARKS)))
    text = unicodedata.normalize("NFKC", text).replace("\u2044", "/")
    shouted = _is_shouted(text, words)
    text = _in_words(text).translate(_MARKS)
    text = _DOT_IN_NAME.sub(" dot ", text)
    text = "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")
    text = _SIGN_BETWEEN_WORDS.sub(" ", text)
    num_dropped = sum(char.isalnum() for char in _UNWRITTEN.findall(text))
    text = _UNWRITTEN.sub(lambda match: " " if match[0].isspace() else "", text)
    text = split_capitals(_SPACE_BEFORE_MARK.sub("", text), words, shouted=shouted)
    return re.sub(r" {2,}", " ", _REPEATED.sub(r"\1", text)).strip(), num_dropped


def _is_shouted(text: str, words: Container[str]) -> bool:
    """Tell a text all in capitals from a list of letters that are (ATM, NHK, PTA): it has words."""
    capitals = _SHOUTED.findall(text) if text.isupper() else []
    return len(capitals) >= _SHOUTED_WORDS and any(is_word(word, words) for word in capitals)


def _in_words(text: str) -> str:
    """Spell out everything but letters; each step leaves nothing for the next to misread."""
    text = apply(ABBREVIATIONS, apply(ADDRESSES, text))
    text = apply(SIGNS, apply(ROMAN, text))
    return say_signs(say_numbers(_BEFORE_DECIMAL.sub(" ", text)))
