"""Traditional characters as simplified ones, which the dictionaries and the checkpoints know."""

from __future__ import annotations

import functools
import re

import opencc

# These stand for words that the lexicon reads.
_STAND_INS = re.compile("([麤龘皛靐齾])")
_UNENCODABLE = re.compile("[\ud800-\udfff]")
_HAN = re.compile("[\u4e00-\u9fff]")
# 著 is 着 but in these; the converter leaves it, because in Taiwan both are right.
_WRITTEN = re.compile("著(?![名作者称述录书])(?<![显卓编原名论专土昭巨拙合所遗译新]著)")
_OTHERS = str.maketrans("妳祂牠甯喆淼", "你他它宁哲淼")


@functools.cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplify(text: str) -> str:
    """Return the text in simplified characters, as many as before; lone surrogates become spaces."""
    if not _HAN.search(text):
        return text
    text = _UNENCODABLE.sub(" ", text)
    if not _STAND_INS.search(text):
        return _converted(text)
    return "".join(
        part if index % 2 else _converted(part) for index, part in enumerate(_STAND_INS.split(text))
    )


def convert(text: str) -> str:
    """Return what OpenCC makes of a text in traditional characters."""
    converted: str = _converter().convert(text)
    return converted


def _converted(text: str) -> str:
    return _WRITTEN.sub("着", convert(text)).replace("甚么", "什么").translate(_OTHERS)
