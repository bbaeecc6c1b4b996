"""Chinese text as the pronunciation rules want it: Han characters and the symbol table's punctuation."""

from __future__ import annotations

import re
import unicodedata
from re import Match

from tts_core.frontend.chinese.numbers import say_numbers
from tts_core.frontend.chinese.script import simplify
from tts_core.frontend.circled import part_circled
from tts_core.frontend.cut import collapse_punctuation

_BEFORE_NUMBERS = str.maketrans(
    {
        "〇": "零",
        "⋯": "…",
        "‥": "…",
        **{chr(0x2160 + index): str(index + 1) for index in range(12)},  # Roman numerals of one character
        **dict.fromkeys("–−‐‑", "-"),
        **{code: f"^{digit}" for digit, code in zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True)},
    }
)
# A full-width comma never parts the thousands of a number.
_COMPATIBLE = re.compile("[^…，]+")
_BEFORE_FRACTION = re.compile("(?<=[0-9]) ?(?=[¼-¾⅐-⅞])")
_DASHES = re.compile("(?<=[0-9])[—―]+(?=[0-9])")
_GREEK = {
    "α": "阿尔法",
    "β": "贝塔",
    "γ": "伽马",
    "δ": "德尔塔",
    "Δ": "德尔塔",
    "θ": "西塔",
    "λ": "兰姆达",
    "μ": "缪",
    "π": "派",
    "σ": "西格玛",
    "Σ": "西格玛",
    "φ": "斐",
    "ω": "欧米伽",
    "Ω": "欧米伽",
}
# 恩 and 母 stand in for the two interjections whose syllables (n, m) the phone table lacks.
_AFTER_NUMBERS = str.maketrans(
    {
        **dict.fromkeys(":;，·、/|•→⇒", ","),
        **dict.fromkeys("。｡$\n\r\v\f\x85\u2028\u2029", "."),
        "~": "…",
        "嗯": "恩",
        "呣": "母",
        "+": "加",
        "=": "等于",
        "×": "乘",
        "÷": "除以",
        "±": "正负",
        "≥": "大于等于",
        "≤": "小于等于",
        "≠": "不等于",
        "≈": "约等于",
        "√": "根号",
        "∞": "无穷大",
        **_GREEK,
    }
)
_HAN = "\u4e00-\u9fff"
_SIGNS = (
    (re.compile("°C|(?<![0-9])℃"), "摄氏度"),
    (re.compile(f"(?<=[{_HAN}]) ?& ?(?=[{_HAN}])"), "和"),
    (re.compile(f"@(?=[{_HAN}])"), "艾特"),
    (re.compile(f"(?<=[{_HAN}])—+(?=[{_HAN}])|——+"), ","),
)
# Without a pause (周五)14:00 would be Zhou at fifty-four o'clock: 周五十四点.
_ASIDE = re.compile(rf"(?<=[{_HAN}])\((?=[{_HAN}0-9])|(?<=[{_HAN}0-9])\)(?=[{_HAN}0-9])")
_UNWRITTEN = re.compile(rf"[^{_HAN}!?…,.]+")


def normalise(text: str) -> tuple[str, int]:
    """Return the text as it is read, and the number of letters and digits in it that Chinese can't read."""
    text = _DASHES.sub("-", _BEFORE_FRACTION.sub("又", part_circled(text, "，").translate(_BEFORE_NUMBERS)))
    text = simplify(_COMPATIBLE.sub(_plain, text).replace("\u2044", "/"))
    text = say_numbers(_ASIDE.sub(",", text))
    for pattern, word in _SIGNS:
        text = pattern.sub(word, text)
    text = text.replace("...", "…").translate(_AFTER_NUMBERS)
    num_dropped = sum(char.isalnum() for run in _UNWRITTEN.findall(text) for char in run)
    return collapse_punctuation(_UNWRITTEN.sub("", text)), num_dropped


def _plain(match: Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])
