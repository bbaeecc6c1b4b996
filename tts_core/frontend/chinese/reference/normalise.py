"""Chinese text as the reference writes it out: clause by clause, without what it has no reading for."""

from __future__ import annotations

import functools
import re

from tts_core.frontend.chinese.reference.numbers import say_numbers
from tts_core.frontend.chinese.script import convert
from tts_core.frontend.cut import collapse_punctuation

_SILENT = re.compile("[ ——《》【】<>{}()（）#&@“”^_|\\\\]")
_CLAUSE = re.compile("[^：、，；。？！,;?!\n]*[：、，；。？！,;?!\n]?’?")
# Where its table of simplified characters isn't OpenCC's, among characters in wide use. The first five may
# stand for words that the lexicon reads.
_UNCHANGED = frozenset(
    "麤龘皛靐齾"
    "乾傢冑吒唸嚮壎夥徵拚捱摺於昇朮枴榦樑氾汎汙洩溼燻牴犛璿痠瘺祕秈篠簑絃羶脣脩菴菸蒐蓆薹襬豔醣鎚鏽閒閤餚麴齧"
)
_OTHERWISE = str.maketrans(
    "餘傚麼砲痺託榜綵勦諮啣姪嬝簷彊甦鍾揹暱隄濬瀋玨珮琊瑯鉅瞇籐耑逕銲餽",
    "馀效麽炮痹讬搒䌽剿谘衔侄袅檐强苏锺背昵堤浚渖珏佩玡琅钜眯藤专迳焊馈",
)
_FULL_WIDTH = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_GREEK = {
    "α": "阿尔法",
    "β": "贝塔",
    "γΓ": "伽玛",
    "δΔ": "德尔塔",
    "ε": "艾普西龙",
    "ζ": "捷塔",
    "η": "依塔",
    "θΘ": "西塔",
    "ι": "艾欧塔",
    "κ": "喀帕",
    "λΛ": "拉姆达",
    "μ": "缪",
    "ν": "拗",
    "ξΞ": "克西",
    "ο": "欧米克伦",
    "πΠ": "派",
    "ρ": "肉",
    "ςΣσ": "西格玛",
    "τ": "套",
    "υ": "宇普西龙",
    "φΦ": "服艾",
    "χ": "器",
    "ψΨ": "普赛",
    "ωΩ": "欧米伽",
}
_WORDS = str.maketrans(
    {
        "/": "每",
        **dict(zip("①②③④⑤⑥⑦⑧⑨⑩", "一二三四五六七八九十", strict=True)),
        **{letter: name for letters, name in _GREEK.items() for letter in letters},
        "+": "加",
        "-": "减",
        "×": "乘",
        "÷": "除",
        "=": "等",
    }
)
_MARKS = str.maketrans(
    {
        **dict.fromkeys("：；，·、", ","),
        **dict.fromkeys("。$", "."),
        "！": "!",
        "？": "?",
        **dict.fromkeys("~～", "…"),
        "嗯": "恩",
        "呣": "母",
    }
)
_UNWRITTEN = re.compile(r"[^\u4e00-\u9fa5!?…,.\-]+")


def normalise(text: str) -> tuple[str, int]:
    """Return the text as it is read, and the number of letters and digits in it that were left out."""
    clauses = (clause.strip() for clause in _CLAUSE.findall(_SILENT.sub("", text)))
    said = "".join(_said(clause) for clause in clauses if clause)
    num_dropped = sum(char.isalnum() for run in _UNWRITTEN.findall(said) for char in run)
    return collapse_punctuation(_UNWRITTEN.sub("", said)), num_dropped


def _said(clause: str) -> str:
    clause = "".join(map(_simplified, clause)).translate(_FULL_WIDTH)
    return say_numbers(clause).translate(_WORDS).replace("...", "…").translate(_MARKS)


@functools.lru_cache(1 << 14)
def _simplified(char: str) -> str:
    """Return the simplified form of a character, whatever is around it."""
    if char in _UNCHANGED or not "\u4e00" <= char <= "\u9fff":
        return char
    return char.translate(_OTHERWISE) if ord(char) in _OTHERWISE else convert(char)
