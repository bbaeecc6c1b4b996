"""How long a text may take: wide enough for every way to read it, and no wider."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_core.frontend.pipeline import phonemize
from tts_core.models.gpt_sovits.guards import Expectation
from tts_core.models.gpt_sovits.guards.expectation import (
    LONGEST_PAUSE_S,
    REPEATED_TOKENS,
    TOKENS_PER_S,
    longest_repeat,
)
from tts_core.sampling_params import MIN_TOKENS

SENTENCE = "Good morning to all of you, and where did the second sentence go?"
PHONES = st.lists(st.sampled_from(["AA0", "B", "K", "N", ",", ".", "…"]), max_size=40)


def expected(text: str, language: str = "en") -> Expectation:
    return Expectation.of(phonemize(text, language).phones)


@pytest.mark.parametrize("phones_per_s", [6, 8, 12, 16, 22])
def test_every_pace_of_speech_is_expected(phones_per_s: int) -> None:
    phones = phonemize(SENTENCE, "en").phones
    num_tokens = len(phones) / phones_per_s * TOKENS_PER_S
    expectation = Expectation.of(phones)
    assert expectation.least <= num_tokens < expectation.most


@pytest.mark.parametrize("num_tokens", [MIN_TOKENS, 1500])
def test_a_sentence_that_ends_at_once_or_never_is_not(num_tokens: int) -> None:
    expectation = expected(SENTENCE)
    assert not expectation.least <= num_tokens < expectation.most


@pytest.mark.parametrize(("text", "language"), [("Hi.", "en"), ("No!", "en"), ("对。", "zh")])
def test_a_word_may_be_as_short_as_any_segment_and_take_two_seconds(text: str, language: str) -> None:
    expectation = expected(text, language)
    assert expectation.least <= MIN_TOKENS
    assert expectation.most > 2 * TOKENS_PER_S


def test_pauses_take_time_and_hold_no_words() -> None:
    plain, paused = expected("Well then I will go."), expected("Well… then… I… will… go.")
    assert paused.least == plain.least
    assert paused.most == plain.most + 4 * LONGEST_PAUSE_S * TOKENS_PER_S


def test_pitch_marks_are_not_spoken() -> None:
    plain, marked = Expectation.of(["k", "o", "r", "e"]), Expectation.of(["k", "o", "[", "r", "e", "]"])
    assert (marked.least, marked.most) == (plain.least, plain.most)


@given(PHONES, PHONES)
def test_more_text_is_never_expected_to_take_less(phones: list[str], more: list[str]) -> None:
    short, long = Expectation.of(phones), Expectation.of(phones + more)
    assert short.least <= long.least <= long.usual + 1
    assert short.most <= long.most
    assert short.most_repeated <= long.most_repeated
    assert long.usual < long.most


@pytest.mark.parametrize(
    ("text", "language"),
    [("哈哈哈哈哈哈哈哈哈哈", "zh"), ("No no no no no no no no!", "en"), ("Well……………………", "en")],
)
def test_what_the_text_repeats_may_be_repeated(text: str, language: str) -> None:
    """Read slowly, at 6 phones a second, with every syllable of the same tokens."""
    phones = phonemize(text, language).phones
    assert expected(text, language).most_repeated > len(phones) / 6 * TOKENS_PER_S


def test_an_ordinary_sentence_may_repeat_little() -> None:
    assert expected(SENTENCE).most_repeated < REPEATED_TOKENS + TOKENS_PER_S


@given(st.lists(st.sampled_from("abc"), max_size=14))
def test_the_longest_repeat_is_the_longest(items: list[str]) -> None:
    size = longest_repeat(items)
    assert occurs_twice(items, size)
    assert not occurs_twice(items, size + 1)


def occurs_twice(items: list[str], size: int) -> bool:
    stretches = [tuple(items[start : start + size]) for start in range(len(items) - size + 1)]
    return size == 0 or len(set(stretches)) < len(stretches)
