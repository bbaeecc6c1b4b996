"""Mandarin as people and language models write it: what is read, in which tones, for any text at all."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.frontend.chinese import FrontEnd
from tts_core.frontend.chinese.cardinals import say_number
from tts_core.frontend.chinese.script import simplify
from tts_core.frontend.chinese.syllables import syllable_phones
from tts_core.frontend.pipeline import phonemize
from tts_core.frontend.symbols import symbol_table

_DATA = Path(__file__).with_name("data")
_CHINESE = FrontEnd()
_TABLE = symbol_table("v2")


def _rows(name: str) -> list[list[str]]:
    lines = (_DATA / name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@pytest.mark.parametrize(("written", "spoken"), _rows("spoken_zh.tsv"))
def test_what_is_said(written: str, spoken: str) -> None:
    assert _CHINESE.pronounce(written).text == spoken


@pytest.mark.parametrize(("written", "pinyin"), _rows("pinyin_zh.tsv"))
def test_sounds_and_tones(written: str, pinyin: str) -> None:
    expected = [phone for syllable in pinyin.split() for phone in syllable_phones(syllable)]
    assert list(_CHINESE.pronounce(written).phones) == expected


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("时速100km/h", "时速一百公里每小时"),
        ("面积20m²左右", "面积二十平方米左右"),
        ("售价HK$500起", "售价五百港元起"),
        ("用USB接口", "用U S B接口"),
        ("打开https://example.com看看", "打开example dot com看看"),
        ("尺寸是3x4厘米", "尺寸是三乘四厘米"),
        ("坐G123次列车", "坐G幺二三次列车"),
    ],
)
def test_latin_letters_in_a_sentence(written: str, spoken: str) -> None:
    assert phonemize(written, "zh").text == spoken


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("0", "零"),
        ("10", "十"),
        ("100010000", "一亿零一万"),
        ("100005000", "一亿零五千"),
        ("1200000000000", "一万二千亿"),
        ("20000000", "两千万"),
        ("9" * 21, "九" * 21),
    ],
)
def test_cardinals(number: str, spoken: str) -> None:
    assert say_number(number) == spoken


def test_traditional_characters_become_as_many_simplified_ones() -> None:
    assert simplify("讀書寫字") == "读书写字"
    assert simplify("麤龘皛靐齾聽") == "麤龘皛靐齾听"
    assert simplify("\ud800聽") == " 听"


@given(st.text(alphabet=st.characters(), max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_without_a_fault(text: str) -> None:
    _check(text)


@given(st.text(alphabet="0123456789.,:/-~¥$%°C年月日点个两第一不地得着xkm^²½×=+()，。 ", max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_row_of_digits_and_signs_is_read(text: str) -> None:
    _check(text)


def _check(text: str) -> None:
    read = _CHINESE.pronounce(text)
    assert set(read.phones) <= set(_TABLE.symbols)
    assert not re.search(r"[^\u4e00-\u9fff!?…,.]", read.text)
    assert read.word2ph is not None
    assert len(read.word2ph) == len(read.text)
    assert sum(read.word2ph) == len(read.phones)


@pytest.mark.parametrize(
    "piece",
    [
        "1,1,",
        "1.1.",
        "((((",
        "零零零",
        "一一",
        "1-",
        "1:1:",
        "1/1 ",
        "$1-",
        "1,111,",
        "9",
        "得地着",
        "第",
        "聽",
        "a.a.",
    ],
)
def test_fifty_thousand_characters_are_read_in_seconds(piece: str) -> None:
    text = (piece * 50_000)[:50_000]
    started = time.process_time()
    _CHINESE.pronounce(text)
    assert time.process_time() - started < 5  # a quadratic pattern takes many times as long
