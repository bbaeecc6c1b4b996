"""Words as people point at them, and where they stood before filters went over them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.frontend.filters import TextOptions, filter_text
from tts_core.frontend.segmenter import split_sentences
from tts_core.frontend.source_map import SourceMap
from tts_core.frontend.typical_times import timed_words
from tts_core.frontend.words import cut_words, words_of

ANY_TEXT = st.text(st.sampled_from("ab é1,.'-$% \n今天。かー한नि❤️*<&;()[]/"), max_size=40)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in cut_words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Well, don't go!", ["Well", "don't", "go"]),
        ("It costs $3.50, or 50%.", ["It", "costs", "$3.50", "or", "50%"]),
        ("(well-known) “quoted”…", ["well-known", "quoted"]),
        ("1,234.5 at 10:30", ["1,234.5", "at", "10:30"]),
        ("one,two—three", ["one", "two", "three"]),
        ("user@example.com", ["user@example.com"]),
        ("2 + 3=5", ["2", "+", "3", "=", "5"]),
        ("<all> of 20°C 😀", ["all", "of", "20°C", "😀"]),
        ("今天很好，Apple。", ["今", "天", "很", "好", "Apple"]),
        ("カレーです", ["カ", "レー", "で", "す"]),
        ("안녕 세계", ["안녕", "세계"]),
        ("नमस्ते दुनिया।", ["नमस्ते", "दुनिया"]),
        ("... -- !", []),
    ],
)
def test_words_are_what_stands_between_spaces_without_marks(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@given(ANY_TEXT)
def test_any_text_has_words_in_order_that_take_time(text: str) -> None:
    words = words_of(text, start=7)
    edges = [edge - 7 for word in words for edge in word[:2]]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)
    assert all(word.typical_ms > 0 and word.end > word.start for word in words)


def test_what_follows_a_word_is_told() -> None:
    gaps = [word.gap for word in words_of("One two, three. Mr. Four")]
    assert gaps == [1, 2, 3, 1, 3]


def test_longer_words_take_longer() -> None:
    short, long = timed_words("cat extraordinarily", "en")
    assert long.typical_ms > 2.5 * short.typical_ms


def test_numbers_count_as_they_are_read() -> None:
    year, five = timed_words("1984 5", "en")
    assert year.typical_ms > 2.5 * five.typical_ms


def test_chinese_words_are_cut_by_its_dictionary() -> None:
    text = "我喜欢北京，也喜欢春天。"
    words = [text[word.start : word.end] for word in timed_words(text, "zh")]
    assert words == ["我", "喜欢", "北京", "也", "喜欢", "春天"]


def test_japanese_words_are_cut_by_its_dictionary_and_last_as_they_are_read() -> None:
    text = "東京へ行きます。"
    words = timed_words(text, "ja", start=3)
    assert text[words[0].start - 3 : words[0].end - 3] == "東京"
    assert words[0].typical_ms > 3 * words[1].typical_ms


def test_each_script_is_timed_in_its_own_language() -> None:
    text = "我喜欢 programming 和音乐"
    named = {text[word.start : word.end]: word.typical_ms for word in timed_words(text, "zh")}
    assert named["programming"] > named["我"]


def test_what_the_language_cant_say_is_no_word() -> None:
    text = "Hello สวัสดี 你好 world"
    assert [text[word.start : word.end] for word in timed_words(text, "en")] == ["Hello", "world"]


def mapped(source: str, options: TextOptions, language: str = "en") -> list[tuple[str, str | None]]:
    """Return the words that are spoken, and what they stand for in the source."""
    spoken = filter_text(source, options, language, 20).text
    places = SourceMap(source, spoken)
    pairs = []
    for start, end in cut_words(spoken):
        extent = places.extent(start, end)
        pairs.append((spoken[start:end], None if extent is None else source[slice(*extent)]))
    return pairs


def test_words_of_markdown_are_found_where_they_were_written() -> None:
    source = (
        "# Title\n\nSee [the docs](http://x/docs), `code` and **bo**ld AT&amp;T.\n\n```\nnot said\n```\nEnd"
    )
    assert mapped(source, TextOptions(text_format="markdown")) == [
        ("Title", "Title"),
        ("See", "See"),
        ("the", "the"),
        ("docs", "docs"),
        ("code", "code"),
        ("and", "and"),
        ("bold", "bo**ld"),
        ("AT&T", "AT&amp;T"),
        ("End", "End"),
    ]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("Go, *now*. Then", "Go, *now*."),
        ("Say “**yes**!” Then", "Say “**yes**!”"),
        ("“*No*,” he said. Then", "“*No*,” he said."),
        ("* item\n* more", "item"),
    ],
)
def test_a_sentence_is_found_with_its_marks(source: str, sentence: str) -> None:
    spoken = filter_text(source, TextOptions(text_format="markdown"), "en", 20).text
    end = len(next(split_sentences(spoken)).rstrip())
    assert SourceMap(source, spoken).extent(0, end) == (
        source.index(sentence),
        source.index(sentence) + len(sentence),
    )


def test_the_second_of_two_equal_words_is_the_second() -> None:
    source = "**no** no no"
    spoken = filter_text(source, TextOptions(text_format="markdown"), "en", 20).text
    places = SourceMap(source, spoken)
    assert [places.extent(*word) for word in cut_words(spoken)] == [(2, 4), (7, 9), (10, 12)]


def test_the_name_of_an_emoji_belongs_to_the_emoji() -> None:
    pairs = mapped("I ❤️ you", TextOptions(emoji="name"))
    assert pairs[0] == ("I", "I")
    assert {place for _, place in pairs[1:-1]} == {"❤️"}
    assert pairs[-1] == ("you", "you")


def test_a_word_with_phones_is_the_word() -> None:
    source = "I [read](/R EH1 D/) it"
    assert mapped(source, TextOptions(inline_phones=True))[1] == ("read", "read")


def test_what_is_not_changed_keeps_its_characters() -> None:
    assert SourceMap("one two", "one two").extent(2, 5) == (2, 5)


@settings(max_examples=200)
@given(ANY_TEXT, ANY_TEXT)
def test_any_two_texts_are_compared(source: str, spoken: str) -> None:
    places = SourceMap(source, spoken)
    found = [extent for word in cut_words(spoken) if (extent := places.extent(*word))]
    assert all(0 <= start < end <= len(source) for start, end in found)
    assert found == sorted(found)
