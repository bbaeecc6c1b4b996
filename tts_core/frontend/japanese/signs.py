"""Signs that are spoken, and signs that are pauses."""

from __future__ import annotations

import re

_ROMAN = {code: str(code - 0x215F) for code in range(0x2160, 0x216C)}
_SMALL_ROMAN = {code: str(code - 0x216F) for code in range(0x2170, 0x217C)}
# What NFKC would turn into something else to say.
BEFORE_COMPATIBILITY = {
    **_ROMAN,
    **_SMALL_ROMAN,
    **{ord(sign): None for sign in "©®™゛゜´¨"},
    **{ord(sign): "〜" for sign in "～∼〰"},
    **{ord(sign): "…" for sign in "‥⋯"},
    **{ord(sign): "-" for sign in "−‐‑"},
    **{ord(sign): "―" for sign in "—–─━⸺"},
    **{ord(old): new for old, new in (("ヷ", "ヴァ"), ("ヸ", "ヴィ"), ("ヹ", "ヴェ"), ("ヺ", "ヴォ"))},
    **{ord(area): unit + "^2" for area, unit in (("㎟", "mm"), ("㎠", "cm"), ("㎡", "m"), ("㎢", "km"))},
    **{ord(volume): unit + "^3" for volume, unit in (("㎣", "mm"), ("㎤", "cm"), ("㎥", "m"), ("㎦", "km"))},
    **{ord(power): "^" + digit for power, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)},
    ord("№"): "ナンバー",
    ord("℡"): "電話",
    ord("㈱"): "株式会社",
    ord("㈲"): "有限会社",
    ord("㏍"): "株式会社",
    ord("゠"): "=",
}
_MARKS = {
    **dict.fromkeys("。।", "."),
    **dict.fromkeys("、:;·|/→←↑↓⇒※", ","),
    "\n": ".",
    "\t": " ",
    "\u2022": ",",
}
_SPOKEN = {
    "%": "パーセント",
    "‰": "パーミル",
    "°": "度",
    "&": "アンド",
    "@": "アットマーク",
    "+": "プラス",
    "±": "プラスマイナス",
    "×": "バツ",
    "÷": "わる",
    "=": "イコール",
    "≠": "ノットイコール",
    "≒": "ニアリーイコール",
    "≤": "以下",
    "≦": "以下",
    "≥": "以上",
    "≧": "以上",
    "√": "ルート",
    "∞": "無限大",
    "¥": "円",
    "$": "ドル",
    "€": "ユーロ",
    "£": "ポンド",
    "₩": "ウォン",
    "¢": "セント",
    "〒": "郵便番号",
    "#": "シャープ",
    "♯": "シャープ",
    "♭": "フラット",
    "♂": "オス",
    "♀": "メス",
    "○": "マル",
    "◯": "マル",
    "§": "セクション",
}
_TABLE = str.maketrans(_MARKS | _SPOKEN)
_REPLACEMENTS = (
    (re.compile(r"(?:。|\.){3,}"), "…"),
    (re.compile(r"#(?=\d)"), "ナンバー"),
    (re.compile(r"(?<![A-Za-z0-9ァ-ヺー])#(?=[^\W\d])"), "ハッシュタグ"),
    (re.compile(r"(?<=[A-Za-z])×(?=[A-Za-z])"), "かける"),
    (re.compile(r"〇(?![一二三四五六七八九十百千万年月日])(?<![一二三四五六七八九]〇)"), "マル"),
    # A wave between two names is "from ... to", after a sound it draws that out.
    (
        re.compile(r"(?<=[0-9A-Za-z一-鿿])〜(?=[0-9A-Za-z一-鿿ァ-ヺ¥$])|(?<=[円時分日月年歳%度0-9])〜+"),
        "から",
    ),
    (re.compile(r"(?<=[ぁ-ゖァ-ヺ一-鿿ー])[〜~]+"), "ー"),
)


def say_signs(text: str) -> str:
    """Replace signs by their names or by marks of the symbol table, a wave by what it means where it is."""
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text.translate(_TABLE)
