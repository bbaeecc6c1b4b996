"""Korean: the reference's phones, spoken forms, and text that nobody would write."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.frontend.korean import FrontEnd
from tts_core.frontend.korean.contact import before_consonant
from tts_core.frontend.korean.morphemes import Tagger
from tts_core.frontend.korean.normalise import normalise
from tts_core.frontend.korean.pronunciation import Pronouncer, spoken
from tts_core.frontend.symbols import symbol_table

_DATA = Path(__file__).with_name("data")
_TABLE = symbol_table("v2")
_SHARED = FrontEnd()


def _rows(name: str) -> list[list[str]]:
    lines = (_DATA / name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@pytest.fixture
def korean() -> FrontEnd:
    return _SHARED


def _sound(text: str) -> str:
    tagger = Tagger()
    return spoken(Pronouncer(tagger)(normalise(text, tagger.read_han)[0]))


@pytest.mark.parametrize(("text", "phones"), _rows("phones_ko.tsv"))
def test_phones_are_the_references(text: str, phones: str, korean: FrontEnd) -> None:
    assert "".join(korean.pronounce(text).phones) == phones


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("끝에 끝이 늦어서 뜯어", "끄테 끄치 느저서 뜨더"),
        ("디귿이 키읔을 피읖에", "디그시 키으글 피으베"),
        ("밟아 밟고 밟히다", "발바 밥꼬 발피다"),
        ("닫혔다 맏형 굳히다", "다쳗따 마텽 구치다"),
        ("음악을 라디오로", "으마글 라디오로"),
        ("물을 나는", "무를 나는"),
        ("꽃잎이 나뭇잎을", "꼰니피 나문니플"),
        ("십육, 백육십, 열여섯, 스물여덟", "심뉵, 뱅뉵씹, 열려섣, 스물려덜"),
    ],
)
def test_where_the_reference_slips_the_standard_holds(text: str, sound: str) -> None:
    assert _sound(text) == sound


@pytest.mark.parametrize(("written", "sound"), _rows("spoken_ko.tsv"))
def test_what_is_said(written: str, sound: str) -> None:
    assert _sound(written) == sound


@pytest.mark.parametrize(
    ("coda", "onset", "sound"),
    [
        ("ㄱ", "ㅎ", ("", "ㅋ")),
        ("ㅀ", "ㄴ", ("ㄹ", "ㄹ")),
        ("ㅎ", "ㅅ", ("", "ㅆ")),
        ("ㄹ", "ㄴ", ("ㄹ", "ㄹ")),
        ("ㅁ", "ㄹ", ("ㅁ", "ㄴ")),
        ("ㅍ", "ㄹ", ("ㅁ", "ㄴ")),
        ("ㅄ", "ㄴ", ("ㅁ", "ㄴ")),
        ("ㄼ", "ㄷ", ("ㄹ", "ㄸ")),
        ("ㄾ", "ㄱ", ("ㄹ", "ㄱ")),
        ("ㄴ", "ㅅ", ("ㄴ", "ㅅ")),
    ],
)
def test_consonants_in_contact(coda: str, onset: str, sound: tuple[str, str]) -> None:
    assert before_consonant(coda, onset) == sound


@pytest.mark.parametrize(
    ("text", "num_dropped"),
    [("안녕", 0), ("안녕😀🎉", 0), ("안녕 привет", 6), ("ㅠㅠ 슬퍼", 2), ("ご大國", 1), ("5℃ ½ №1 ﬁ", 0)],
)
def test_what_cannot_be_said_is_counted(text: str, num_dropped: int, korean: FrontEnd) -> None:
    assert korean.pronounce(text).num_dropped == num_dropped


@pytest.mark.parametrize("text", ["", " ", "\u200b\u202e", "\ud800", "😀", '"()"', "ㅠㅠ", "́" * 9])
def test_nothing_to_say_has_no_phones(text: str, korean: FrontEnd) -> None:
    assert korean.pronounce(text).phones == ()


def test_characters_without_form_change_nothing(korean: FrontEnd) -> None:
    assert (
        korean.pronounce("3\u200b시\u202e 3\ufe0f0\u200d분\ud800").phones
        == korean.pronounce("3시 30분").phones
    )
    assert korean.pronounce("\u1112\u1161\u11ab글").phones == korean.pronounce("한글").phones


def test_marks_alone_are_marks_alone(korean: FrontEnd) -> None:
    assert korean.pronounce(" ...!!! ( ").phones == (".",)


def test_every_sign_that_parts_words_is_a_short_pause(korean: FrontEnd) -> None:
    # "[" and "_" are symbols of the table too: Japanese pitch and padding.
    assert "".join(korean.pronounce("나[나]나_나/나").phones) == "ㄴㅏ停ㄴㅏ停ㄴㅏ空ㄴㅏ停ㄴㅏ."


_PIECES = st.sampled_from(
    [
        *"가각값밟의ㅋㅏᄀᆨ0159.,-~:/%$₩° \n\t@#+=A大",
        "3시 30분",
        "\ud800",
        "\u200d",
        "😀",
        "1,000",
        "...",
        "010-",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(st.characters(exclude_categories=())), st.lists(_PIECES).map("".join)))
def test_any_text_gives_phones_of_the_table(text: str) -> None:
    read = _SHARED.pronounce(text)
    assert all(phone in _TABLE for phone in read.phones)
    assert read.num_dropped >= 0


@pytest.mark.parametrize(
    "unit", ["오늘 3시에 만나요. ", "가", "1", "1-", "1~", "a.", "a@", "ㅋ", "大", "̖́", ".", "\ud800"]
)
def test_long_texts_are_read_to_their_end(unit: str, korean: FrontEnd) -> None:
    text = unit * (20_000 // len(unit))
    alone = korean.pronounce(text + " 끝").phones
    assert alone[-4:] == ("ㄲ", "ㅡ", "ㄷ", ".")


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert FrontEnd().pronounce("안녕하세요").phones
