"""English text as the reference writes it out before it looks words up."""

from __future__ import annotations

import re
import unicodedata

from tts_core.frontend.english.reference.numbers import NUMBERS
from tts_core.frontend.rules import Rule, apply, rule

# The reference means to map commas, colons and quotation marks too, but its patterns never match them.
_MARKS = str.maketrans({"。": ".", "！": "!", "？": "?", "\n": ". "})
_UNWRITTEN = re.compile(r"[^ A-Za-z'.,?!\-]")
_LATER: tuple[Rule, ...] = (
    rule(r"i\.e\.", "that is", re.IGNORECASE),
    rule(r"e\.g\.", "for example", re.IGNORECASE),
    rule(r"(?<=\S)(?=[A-Z])", " "),
    rule(r"([!?…,.\-\s])[!?…,.\-]+", r"\1"),
)


def normalise(text: str) -> tuple[str, int]:
    """Return the text as it is read, and how many of its letters and digits were left out."""
    text = apply(NUMBERS, text.translate(_MARKS))
    text = "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")
    text = text.replace("%", " percent")
    num_dropped = sum(char.isalnum() for char in _UNWRITTEN.findall(text))
    return apply(_LATER, _UNWRITTEN.sub("", text)), num_dropped
