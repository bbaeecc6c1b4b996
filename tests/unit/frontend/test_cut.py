"""The cut methods give the reference's pieces, and nothing is lost but marks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.frontend.golden import GOLDEN
from tts_core.errors import InvalidParameter
from tts_core.frontend.cut import END_MARKS, METHODS, cut_text


@pytest.mark.parametrize("case", GOLDEN["segment"], ids=lambda case: f"{case['lang']}-{case['method']}")
def test_golden_pieces(case: dict[str, Any]) -> None:
    assert cut_text(case["text"], case["lang"], case["method"]) == case["out"]


@pytest.mark.parametrize(
    ("method", "text", "expected"),
    [
        ("cut1", "一一一一，" * 8, ["一一一一，" * 8]),
        ("cut1", "一一一一，" * 9, ["一一一一，" * 4, "一一一一，" * 5]),
        ("cut2", "一二三四五六七八九。" * 9, ["一二三四五六七八九。" * 9]),
        ("cut2", "一二三四五六七八九。" * 11, ["一二三四五六七八九。" * 6, "一二三四五六七八九。" * 5]),
        ("cut3", "今天天气好。我们去公园。好", ["今天天气好。", "我们去公园好。"]),
        ("cut4", "One two three. Four is 3.14 ok.", ["One two three。", " Four is 3.14 ok。"]),
        ("cut5", "今天天气好，去公园。一共3.14元吧", ["今天天气好，", "去公园。一共3.14元吧。"]),
        ("cut0", "好吧", ["。好吧。"]),
        ("cut0", "你好吗，今天", ["。你好吗，今天。"]),
        ("cut0", "你们好吗，今天", ["你们好吗，今天。"]),
        ("cut0", "！？…", []),
        ("cut5", "\n", []),
    ],
)
def test_pieces_by_hand(method: str, text: str, expected: list[str]) -> None:
    assert cut_text(text, "zh", method) == expected


def test_an_overlong_piece_is_cut_even_without_punctuation() -> None:
    pieces = cut_text("字" * 1200, "zh", "cut0")
    assert max(map(len, pieces)) <= 510
    assert "".join(pieces) == "字" * 1200 + "。"


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="cut9") as caught:
        cut_text("a", "en", "cut9")
    assert caught.value.param == "text_split_method"


MIXED = st.text(st.sampled_from(list("你好ab19 \n，。？！,.?!~:：—…、；;-“”")), max_size=700)


@given(MIXED, st.sampled_from(sorted(METHODS)), st.sampled_from(["en", "zh", "auto"]))
def test_every_letter_survives_and_every_piece_ends(text: str, method: str, language: str) -> None:
    pieces = cut_text(text, language, method)
    assert re.sub(r"\W", "", "".join(pieces)) == re.sub(r"\W", "", text)
    assert all(len(piece) <= 511 for piece in pieces)
    assert not pieces or pieces[-1][-1] in END_MARKS
