"""Chinese text as the pronunciation rules want it: Han characters and the symbol table's punctuation."""

from __future__ import annotations

import re

from tts_core.frontend.chinese.numbers import say_numbers
from tts_core.frontend.cut import collapse_punctuation

_FULL_WIDTH = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_BEFORE_NUMBERS = str.maketrans({**_FULL_WIDTH, ord("％"): "%", ord("　"): " ", ord("〇"): "零"})
# 恩 and 母 stand in for the two interjections whose syllables (n, m) the phone table lacks.
_AFTER_NUMBERS = str.maketrans(
    {
        **dict.fromkeys("：；，·、/", ","),
        **dict.fromkeys("。$\n", "."),
        **dict.fromkeys("~～⋯", "…"),
        "！": "!",
        "？": "?",
        "嗯": "恩",
        "呣": "母",
        "+": "加",
        "=": "等于",
        "×": "乘",
        "÷": "除以",
    }
)
_UNWRITTEN = re.compile(r"[^\u4e00-\u9fff!?…,.]+")


def normalise(text: str) -> tuple[str, int]:
    """Return the text as it is read, and the number of letters and digits in it that Chinese can't read."""
    text = say_numbers(text.translate(_BEFORE_NUMBERS))
    text = text.replace("...", "…").translate(_AFTER_NUMBERS)
    num_dropped = sum(char.isalnum() for run in _UNWRITTEN.findall(text) for char in run)
    return collapse_punctuation(_UNWRITTEN.sub("", text)), num_dropped
