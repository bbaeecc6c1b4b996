"""English as people and language models write it: what is read for numbers, signs and short forms."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.frontend.english import FrontEnd
from tts_core.frontend.english.cardinals import say_cardinal, say_number, say_ordinal
from tts_core.frontend.english.roman import value_of
from tts_core.frontend.symbols import UNK, symbol_table

_SPOKEN = Path(__file__).with_name("data") / "spoken_en.tsv"
_ENGLISH = FrontEnd()
_TABLE = symbol_table("v2")


def _rows() -> list[list[str]]:
    lines = _SPOKEN.read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@pytest.mark.parametrize(("written", "spoken"), _rows())
def test_what_is_said(written: str, spoken: str) -> None:
    assert _ENGLISH.pronounce(written).text == spoken


@pytest.mark.parametrize(
    ("sentence", "phones"),
    [
        ("Read the text.", "R IY1 D DH AH0 T EH1 K S T ."),
        ("Many people read books.", "P IY1 P AH0 L R IY1 D"),
        ("I read it yesterday.", "AY1 R EH1 D"),
        ("They have read it.", "HH AE1 V R EH1 D"),
        ("You lead the team.", "L IY1 D DH"),
        ("The lead pipe leaks.", "L EH1 D P AY1 P"),
        ("The dove dove into the water.", "D AH1 V D OW1 V"),
        ("Polish people speak Polish.", "P OW1 L IH0 SH P IY1 P AH0 L S P IY1 K P OW1 L IH0 SH"),
        ("Polish the shoes.", "P AA1 L IH0 SH DH"),
        ("We live in Paris.", "L IH1 V IH0 N"),
        ("The live music was good.", "L AY1 V M"),
        ("The show is live.", "L AY1 V ."),
        ("They saved many lives.", "L AY1 V Z"),
        ("She lives here.", "L IH1 V Z"),
        ("The wind blew.", "W IH1 N D"),
        ("Wind up the clock.", "W AY1 N D"),
        ("A tear fell.", "T IH1 R"),
        ("Don't tear the paper.", "T EH1 R"),
        ("He plays bass guitar.", "B EY1 S"),
        ("We went bass fishing.", "B AE1 S"),
        ("Wait a minute.", "M IH1 N AH0 T"),
        ("In minute detail.", "M AY0 N UW1 T"),
        ("I object to that.", "AH0 B JH EH1 K T"),
        ("The object is red.", "AA1 B JH EH0 K T"),
        ("They present the award.", "P R IY0 Z EH1 N T"),
        ("A present for you.", "P R EH1 Z AH0 N T"),
        ("Projects will project growth.", "P R AA0 JH EH1 K T G"),
        ("He used a record.", "R EH1 K ER0 D"),
        ("It closes at five.", "K L OW1 Z"),
        ("He stood close to me.", "K L OW1 S"),
        ("The use of force.", "Y UW1 S AH1 V"),
        ("We use it.", "Y UW1 Z"),
        ("Take a bow and go.", "B AW1"),
        ("The wound healed.", "W UW1 N D"),
    ],
)
def test_one_spelling_two_sounds(sentence: str, phones: str) -> None:
    assert phones in " ".join(_ENGLISH.pronounce(sentence).phones)


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("I", 1), ("IV", 4), ("IX", 9), ("XIV", 14), ("XL", 40), ("LVIII", 58), ("XCIX", 99)],
)
def test_roman_numerals(numeral: str, value: int) -> None:
    assert value_of(numeral) == value


def test_numbers_without_words_for_them_are_read_digit_by_digit() -> None:
    assert say_number("1" * 22) == " ".join(["one"] * 22)
    assert say_cardinal(10**18) == "one quintillion"
    assert say_ordinal(100) == "one hundredth"
    assert "zero" not in say_number("9" * 21)


@given(st.text(alphabet=st.characters(), max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_without_a_fault(text: str) -> None:
    read = _ENGLISH.pronounce(text)
    assert set(read.phones) <= set(_TABLE.symbols) - {UNK}
    assert not re.search(r"\d", read.text)


@given(st.text(alphabet="0123456789.,:/-~$€%°'kmMGB^x()#@+= aAIVX", max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_row_of_digits_and_signs_leaves_no_digit(text: str) -> None:
    assert not re.search(r"[^ A-Za-z'.,?!\-]", _ENGLISH.pronounce(text).text)


@pytest.mark.parametrize(
    "piece",
    [
        "1,1,",
        "a.a.",
        "((((",
        "1.1.",
        "1-1-",
        "1 1/1 ",
        "A.A.",
        "1:1:",
        "$1-",
        "I V X ",
        "@a.",
        "1,111,",
        "9",
        "-",
        "a@",
        "+1 ",
    ],
)
def test_fifty_thousand_characters_are_read_in_seconds(piece: str) -> None:
    text = (piece * 50_000)[:50_000]
    started = time.process_time()
    _ENGLISH.pronounce(text)
    assert time.process_time() - started < 2.5  # a quadratic pattern takes many times as long
