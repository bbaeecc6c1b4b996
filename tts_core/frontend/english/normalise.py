"""English text as the dictionary wants it: letters, apostrophes, hyphens and marks."""

from __future__ import annotations

import re
import unicodedata

from tts_core.frontend.english.numbers import say_numbers

_WORDS_FOR_SIGNS = {"%": " percent ", "&": " and ", "+": " plus ", "=": " equals ", "@": " at "}
_MARKS = str.maketrans(
    {
        **dict.fromkeys("。｡।॥۔", "."),
        **dict.fromkeys("、；;：:—–،", ","),
        **dict.fromkeys("’‘`´ʼ", "'"),
        "\u2010": "-",
        "\u2011": "-",
        "\n": ". ",
    }
)
_TITLES = {"dr": "Doctor", "mr": "Mister", "mrs": "Missus", "ms": "Miz", "prof": "Professor", "st": "Saint"}
_REPLACEMENTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bi\.e\.", re.IGNORECASE), "that is"),
    (re.compile(r"\be\.g\.", re.IGNORECASE), "for example"),
    (re.compile(r"\betc\.(?=\s+[a-z])", re.IGNORECASE), "etcetera"),
    (re.compile(r"(?<=[A-Za-z])\.(?=[a-z]{2})"), " dot "),
)
_TITLE = re.compile(r"\b(Dr|Mr|Mrs|Ms|Prof|St)\.(?=\s+[A-Z])")
_HALF_OF_DAY = re.compile(r"\b([ap])\.m\b(?:\.(?=\s+[a-z]|,))?", re.IGNORECASE)
_SCHEME = re.compile(r"\b(?:https?|ftp)://(?:www\.)?", re.IGNORECASE)
_UNWRITTEN = re.compile(r"[^ A-Za-z'.,?!\-]")
_SIGN_BETWEEN_WORDS = re.compile(r"(?<=[A-Za-z])(?:[^\w\s'.,?!\-]|_)+(?=[A-Za-z])")
_SPACE_BEFORE_MARK = re.compile(r"\s+(?=[.,?!])")
_CAPITAL_INSIDE = re.compile(r"(?<=\S)(?=[A-Z])")
_REPEATED = re.compile(r"([!?…,.\-\s])[!?…,.\-]+")
_SHOUTED = re.compile(r"[A-Z][A-Z']+")
_SHOUTED_WORDS = 3


def normalise(text: str) -> tuple[str, int]:
    """Return the text as it is read, and the number of letters and digits in it that English can't read."""
    text = _SCHEME.sub("", unicodedata.normalize("NFKC", text.replace("…", ".")))
    if text.isupper() and len(text.split()) >= _SHOUTED_WORDS:
        text = _SHOUTED.sub(lambda match: match[0].capitalize(), text)
    text = say_numbers(text).translate(_MARKS)
    for sign, words in _WORDS_FOR_SIGNS.items():
        text = text.replace(sign, words)
    text = _HALF_OF_DAY.sub(lambda match: match[1].upper() + "M", text)
    text = _TITLE.sub(lambda match: _TITLES[match[1].lower()], text)
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    text = "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")
    text = _SIGN_BETWEEN_WORDS.sub(" ", text)
    num_dropped = sum(char.isalnum() for char in _UNWRITTEN.findall(text))
    text = _UNWRITTEN.sub(lambda match: " " if match[0].isspace() else "", text)
    text = _CAPITAL_INSIDE.sub(" ", _SPACE_BEFORE_MARK.sub("", text))
    return re.sub(r" {2,}", " ", _REPEATED.sub(r"\1", text)).strip(), num_dropped
