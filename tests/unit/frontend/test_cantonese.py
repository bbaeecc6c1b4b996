"""Cantonese: the reference's phones, spoken forms, and text that nobody would write."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
import ToJyutping  # type: ignore[import-untyped, unused-ignore]
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.frontend.cantonese import FrontEnd
from tts_core.frontend.cantonese.dictionary import jyutping_of
from tts_core.frontend.cantonese.syllables import syllable_phones
from tts_core.frontend.symbols import UNK, symbol_table

_DATA = Path(__file__).with_name("data")
_TABLE = symbol_table("v2")
_CANTONESE = FrontEnd()


def _rows(name: str) -> list[list[str]]:
    lines = (_DATA / name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def _jyutping(text: str) -> str:
    return " ".join(reading or char for char, reading in jyutping_of(text))


@pytest.mark.parametrize(("text", "phones"), _rows("phones_yue.tsv"))
def test_phones_are_the_references(text: str, phones: str) -> None:
    assert " ".join(_CANTONESE.pronounce(text).phones) == phones


@pytest.mark.parametrize(("written", "text", "jyutping"), _rows("spoken_yue.tsv"))
def test_what_is_said(written: str, text: str, jyutping: str) -> None:
    read = _CANTONESE.pronounce(written)
    assert read.text == text
    assert _jyutping(read.text) == jyutping
    assert len(read.phones) == sum(2 if syllable.isalnum() else 1 for syllable in jyutping.split())


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("我哋喺邊度食飯", "我哋喺边度食饭"),
        ("電話壞咗，我聽唔到", "电话坏咗，我听唔到"),
        ("醫生話佢有一隻貓", "医生话佢有一只猫"),
        ("佢會唔會請學生食雞蛋", "佢会唔会请学生食鸡蛋"),
        ("錢離開咗廟同廠", "钱离开咗庙同厂"),
    ],
)
def test_both_scripts_sound_the_same(traditional: str, simplified: str) -> None:
    assert _CANTONESE.pronounce(traditional).phones == _CANTONESE.pronounce(simplified).phones


@pytest.mark.parametrize(
    ("char", "phones"),
    [
        ("聽", "Yt Yeng1"),  # the reference simplifies first, and reads 听 as ting1
        ("壞", "Yw Yaai6"),
        ("㗎", "Yg Yaa3"),  # the reference drops what lies outside the basic Han block
        ("嘅", "Yg Ye3"),
        ("咗", "Yz Yo2"),
        ("喺", "Yh Yai2"),
        ("啲", "Yd Yi1"),
        ("哋", "Yd Yei6"),
        ("冇", "Ym You5"),
        ("唔", "Ym Ym4"),
        ("嚟", "Yl Yai4"),
    ],
)
def test_characters_are_read_as_written(char: str, phones: str) -> None:
    assert " ".join(_CANTONESE.pronounce(char).phones) == phones


@pytest.mark.parametrize(
    ("syllable", "phones"),
    [
        ("gwong2", ("Ygw", "Yong2")),
        ("ng5", ("Yng", "Yg5")),
        ("m4", ("Ym", "Ym4")),
        ("aa3", ("Yaa", "Ya3")),
        ("aau3", ("Yaa", "Yu3")),
        ("oi3", ("Yoi", "Yi3")),
        ("uk1", ("Yuk", "Yk1")),
        ("an3", ("Ya", "Yn3")),
        ("ang1", ("Yng", "Yang1")),
        ("deu6", ("Yd", "Yiu6")),
        ("hng6", ("Yh", "Yang6")),
        ("ik1", ("Yj", "Yik1")),
        ("hello", ()),
        ("", ()),
    ],
)
def test_a_syllable_has_two_phones(syllable: str, phones: tuple[str, ...]) -> None:
    assert syllable_phones(syllable) == phones


def test_every_syllable_of_the_dictionary_is_in_the_table() -> None:
    readings = ToJyutping.get_jyutping_candidates("".join(map(chr, range(0x3400, 0xA000))))
    syllables = {part for _, found in readings for reading in found for part in reading.split()}
    assert len(syllables) > 1500
    assert [s for s in syllables if len(syllable_phones(s)) != 2 or UNK in syllable_phones(s)] == []


@pytest.mark.parametrize(
    ("text", "num_dropped"),
    [
        ("你好", 0),
        ("你好😀🎉", 0),
        ("你好 hello", 5),
        ("まいご", 3),
        ("한국", 2),
        ("𠀀你好", 1),
        ("「早晨」（好）", 0),
        ("5℃ ½", 0),
    ],
)
def test_what_cannot_be_said_is_counted(text: str, num_dropped: int) -> None:
    assert _CANTONESE.pronounce(text).num_dropped == num_dropped


@pytest.mark.parametrize("text", ["", " ", "\u200b\u202e", "\ud800", "😀", "（）", "hello", "́" * 9])
def test_nothing_to_say_has_no_phones(text: str) -> None:
    assert _CANTONESE.pronounce(text).phones == ()


_PIECES = st.sampled_from(
    [*"我嘅咗㗎两2年月號%$°.,-~:/ \n+=&只A𠮶", *("3:30", "\ud800", "\u200d", "😀", "1,000", "……", "9876")]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(st.characters(exclude_categories=())), st.lists(_PIECES).map("".join)))
def test_any_text_gives_phones_of_the_table(text: str) -> None:
    read = _CANTONESE.pronounce(text)
    assert all(phone in _TABLE and phone != UNK for phone in read.phones)
    assert not re.search(r"\d", read.text)


@pytest.mark.parametrize("unit", ["今日3點半見。", "我", "1", "1-", "1~", "a.", "嘅", "̖́", ".", "\ud800"])
def test_long_texts_are_read_to_their_end(unit: str) -> None:
    read = _CANTONESE.pronounce(unit * (20_000 // len(unit)) + "完")
    assert read.phones[-2:] == ("Yj", "Yyun4")


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert FrontEnd().pronounce("你好").phones
