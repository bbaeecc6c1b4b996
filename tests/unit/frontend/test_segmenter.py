"""Sentence segmentation: where it cuts, where it must not, and that it loses nothing."""

from __future__ import annotations

import inspect
import unicodedata
from typing import Any, SupportsIndex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_core.frontend.segmenter import split_sentences

# Letters, digits, every kind of mark, all in one alphabet so that awkward neighbours are common.
ALPHABET = st.one_of(
    st.sampled_from(list("aBz 19.,!?…。！、؟।\n\t\"'“”「」()-—:;é你好かไ한ا😀~$%")),
    st.characters(exclude_categories=()),
)
TEXTS = st.text(ALPHABET, max_size=300)


def pieces(text: str, max_chars: int = 200) -> list[str]:
    return [piece.strip() for piece in split_sentences(text, max_chars)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]),
        ("你好。今天不错！走吗？走吧", ["你好。", "今天不错！", "走吗？", "走吧"]),
        ("嗯……我觉得可以。", ["嗯……", "我觉得可以。"]),
        ("こんにちは。元気？", ["こんにちは。", "元気？"]),
        ("안녕하세요. 잘 지내요?", ["안녕하세요.", "잘 지내요?"]),
        ("كيف حالك؟ أنا بخير۔ شكرا", ["كيف حالك؟", "أنا بخير۔", "شكرا"]),
        ("नमस्ते। आप कैसे हैं॥ ठीक", ["नमस्ते।", "आप कैसे हैं॥", "ठीक"]),
        ("Title\n\n- one\n- two", ["Title", "- one", "- two"]),
        ("他说：“走吧！”然后走了。", ["他说：“走吧！”", "然后走了。"]),
        ('"Stop." She ran. (Really?) Yes.', ['"Stop."', "She ran.", "(Really?)", "Yes."]),
        ("好.你呢?行!", ["好.", "你呢?", "行!"]),
        ("That was May. June came.", ["That was May.", "June came."]),
        ("It was I. We lost.", ["It was I.", "We lost."]),
        ("We ate, etc. Then we left.", ["We ate, etc.", "Then we left."]),
        ("Great!Let's go", ["Great!", "Let's go"]),
        ("Wow! 😀 Nice. 😀", ["Wow! 😀", "Nice. 😀"]),
        ("I said no. We left.", ["I said no.", "We left."]),
    ],
)
def test_cuts_where_a_sentence_ends(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The value is 3.14, not 2.71",
        "Take e.g. this, i.e. that, vs. the other",
        "Mr. Smith met Dr. Jones and Mrs. Brown on Main St. yesterday",
        "J. R. R. Tolkien lived in the U.S. briefly",
        "Open example.com/a?b=c in version 1.2.3",
        "Well... maybe… not",
        "Wait...what",
        '"Stop!" he said',
        "See fig. 3, no. 5 and pp. 7",
        "圆周率约为３．１４吧",
        "It was 10:45 a.m. then",
        "We ate apples, etc. and left",
        "2. Stir the soup",
        "Inc. has it",
    ],
)
def test_does_not_cut_inside_a_sentence(text: str) -> None:
    assert pieces(text) == [text]


def test_overlong_sentences_are_cut_at_clauses_then_spaces_then_anywhere() -> None:
    assert pieces("alpha beta, gamma delta epsilon", 20) == ["alpha beta,", "gamma delta epsilon"]
    assert pieces("alpha beta gamma delta", 12) == ["alpha beta", "gamma delta"]
    assert pieces("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert pieces("今天天气很好，我们去公园", 24) == ["今天天气很好，", "我们去公园"]


def test_a_clause_that_ends_at_once_does_not_become_a_stub() -> None:
    assert pieces("So, alpha beta gamma delta", 20)[0] == "So, alpha beta gamma"


@pytest.mark.parametrize("text", ["", " ", "\n\t \u3000\u2028"])
def test_blank_text_has_no_sentence(text: str) -> None:
    assert list(split_sentences(text)) == []


def test_text_without_anything_to_say_stays_one_piece() -> None:
    assert list(split_sentences("?! …\n*** 。", 2)) == ["?! …\n*** 。"]


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="max_chars"):
        list(split_sentences("a", 0))


def test_the_first_sentence_is_out_before_the_rest_is_read() -> None:
    class Watched(str):
        furthest = 0

        def __getitem__(self, key: SupportsIndex | slice[Any, Any, Any]) -> str:
            end = key.stop if isinstance(key, slice) else int(key)
            Watched.furthest = max(Watched.furthest, end)
            return super().__getitem__(key)

    sentences = split_sentences(Watched("First one. Second one. " + "More of it. " * 1000))
    assert inspect.isgenerator(sentences)
    assert next(sentences) == "First one. "
    assert Watched.furthest < 20


@given(TEXTS, st.integers(1, 40))
def test_joined_pieces_are_the_text(text: str, max_chars: int) -> None:
    joined = "".join(split_sentences(text, max_chars))
    assert joined == (text if text.strip() else "")


@given(TEXTS, st.integers(1, 40))
def test_every_piece_has_something_to_say(text: str, max_chars: int) -> None:
    found = list(split_sentences(text, max_chars))
    if any(char.isalnum() for char in text):
        assert all(any(char.isalnum() for char in piece) for piece in found)
    else:
        assert len(found) <= 1


@given(st.text(st.sampled_from(list("abC19 .,!?。，\n\"'你好")), max_size=300), st.integers(1, 40))
def test_no_piece_says_more_than_the_limit(text: str, max_chars: int) -> None:
    for piece in split_sentences(text, max_chars):
        spoken = [index for index, char in enumerate(piece) if char.isalnum()]
        said = piece[spoken[0] : spoken[-1] + 1] if spoken else ""
        weight = sum(4 if char.isdigit() else 3 if char in "你好" else 1 for char in said)
        assert weight <= max_chars or len(said) == 1


def test_what_takes_longer_to_say_is_cut_earlier() -> None:
    assert [len(piece) for piece in split_sentences("a" * 200 + "b")] == [200, 1]
    assert [len(piece) for piece in split_sentences("好" * 67)] == [66, 1]
    assert [len(piece) for piece in split_sentences("한" * 67)] == [66, 1]
    assert [len(piece) for piece in split_sentences("7" * 51)] == [50, 1]


@given(
    st.text(st.sampled_from(list("ae\u0301\u0308\u200d1.한\u1100\u1161\u11a8")), max_size=99),
    st.integers(1, 9),
)
def test_combining_sequences_stay_whole(text: str, max_chars: int) -> None:
    for piece in list(split_sentences(text, max_chars))[1:]:
        assert not unicodedata.category(piece[0]).startswith("M")
        assert piece[0] not in "\u1161\u11a8\u200d"


@pytest.mark.parametrize("max_chars", range(1, 8))
def test_surrogate_pairs_and_emoji_sequences_stay_whole(max_chars: int) -> None:
    text = "a\ud83d\ude00bcd👍🏽ef"
    found = list(split_sentences(text, max_chars))
    assert "".join(found) == text
    assert not any(piece[0] in "\ude00🏽" for piece in found)
