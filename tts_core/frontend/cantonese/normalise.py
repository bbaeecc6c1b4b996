"""Cantonese text as the dictionary wants it: Han characters, traditional or simplified, and marks."""

from __future__ import annotations

import re
import unicodedata
from re import Match

from tts_core.frontend.cantonese.numbers import say_numbers
from tts_core.frontend.circled import part_circled
from tts_core.frontend.cut import collapse_punctuation

_SILENT_CATEGORIES = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn"))
_BEFORE_NUMBERS = str.maketrans(
    {
        **dict.fromkeys("\n\r\v\f\x85\u2028\u2029", "."),
        **dict.fromkeys("⋯‥", "…"),
        "\t": " ",
        "〇": "零",
        "￥": "¥",
        "～": "~",
    }
)
_AFTER_NUMBERS = str.maketrans(
    {
        **dict.fromkeys("：:；;，、·・•/", ","),
        **dict.fromkeys("。｡", "."),
        **dict.fromkeys("~—–―−", "-"),
        "+": "加",
        "=": "等於",
        "×": "乘",
        "÷": "除以",
    }
)
# Simplified characters that the dictionary reads otherwise than the traditional ones they stand for.
_SIMPLIFIED = str.maketrans(
    "儿坏宁岭庙厂戆胜据扩断会样档柠柜涨洒为痒矿种洼窍纠绳听肾腊茎蒋蕴蚝蜡褛袜请贼购赢跃轻达适医钉锯钱链离惊肮鸽鹑鹞么韵价撑扑溅瘫",
    "兒壞寧嶺廟廠戇勝據擴斷會樣檔檸櫃漲灑為癢礦種窪竅糾繩聽腎臘莖蔣蘊蠔蠟褸襪請賊購贏躍輕達適醫釘鋸錢鏈離驚骯鴿鶉鷂麼韻價撐撲濺癱",
)
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f"
_AND = re.compile(f"(?<=[{_HAN}]) ?& ?(?=[{_HAN}])")
_ANIMALS = re.compile("(?<=[一二兩两三四五六七八九十百千萬半幾几每呢嗰])只")
_COMPATIBLE = re.compile("[^…]+")
_TIMES = re.compile(r"(?<=\d) ?[xX*] ?(?=\d)")
_WRITTEN = re.compile(rf"[!?…,.\-{_HAN}]")


def normalise(text: str) -> tuple[str, int]:
    """Return the text as it is read, and the number of letters and digits left out."""
    text = part_circled(text, "，")
    text = "".join(char for char in text.translate(_BEFORE_NUMBERS) if _printed(char))
    text = _TIMES.sub("×", _COMPATIBLE.sub(_plain, text))
    text = _AND.sub("同", say_numbers(text)).translate(_AFTER_NUMBERS)
    text = _ANIMALS.sub("隻", text.translate(_SIMPLIFIED))
    kept = [bool(_WRITTEN.match(char)) for char in text]
    dropped = (char for char, keep in zip(text, kept, strict=True) if not keep)
    num_dropped = sum(char.isalnum() for char in dropped)
    return collapse_punctuation("".join(c for c, keep in zip(text, kept, strict=True) if keep)), num_dropped


def _printed(char: str) -> bool:
    return unicodedata.category(char) not in _SILENT_CATEGORIES


def _plain(match: Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])
