"""Emoji: gone by default, or called by their names in the language that is spoken."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.errors import InvalidParameter
from tts_core.frontend.emoji import drop_emoji, name_emoji


@pytest.mark.parametrize(
    ("text", "kept", "num_dropped"),
    [
        ("Great job 🎉 Let's go", "Great job Let's go", 1),
        ("Great job🎉!", "Great job!", 1),
        ("good👍job", "good job", 1),
        ("太好了👍世界", "太好了世界", 1),
        ("a 👩\u200d👩\u200d👧 b 🇩🇪🇫🇷 c 👍🏽", "a b c ", 4),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f first", " first", 1),
        ("1️⃣ one, #️⃣", "1 one, #", 0),
        ("❤️ and ❤", " and ", 2),
        ("© 2024 ™ → © ️", "© 2024 ™ → © ️", 0),
        ("©️ ↔️", " ", 2),
        ("(😀)\n😀\nend", "()\n\nend", 2),
        ("❶ ① 12 % °C ♪?", "❶ ① 12 % °C?", 1),
        ("no emoji  here ", "no emoji  here ", 0),
    ],
)
def test_without_them(text: str, kept: str, num_dropped: int) -> None:
    assert drop_emoji(text) == (kept, num_dropped)


@pytest.mark.parametrize(
    ("text", "language", "named"),
    [
        ("I ❤️ pizza🍕!", "en", "I, red heart, pizza, pizza!"),
        ("Wow! 🎉🎉 🎉", "en-US", "Wow! party popper"),
        ("太好了👍🏽世界", "all_zh", "太好了，拇指向上 中等肤色，世界"),
        ("香港🇭🇰", "auto_yue", "香港，香港"),
        ("やった🎉", "ja", "やった、クラッカー"),
        ("좋아요 👍", "ko", "좋아요, 올린 엄지"),
        ("Hallo 🇩🇪", "de", "Hallo, flagge deutschland"),
        ("1️⃣ one", "en", "1 one"),
    ],
)
def test_by_name(text: str, language: str, named: str) -> None:
    assert name_emoji(text, language)[0] == named


def test_a_repeated_one_is_named_once_and_the_rest_is_counted() -> None:
    assert name_emoji("ha 😂😂 😂", "en") == ("ha, face with tears of joy", 2)


def test_one_without_a_name_is_dropped_and_counted() -> None:
    assert name_emoji("a \U0001faff b", "en") == ("a b", 1)


@pytest.mark.parametrize("language", ["sw", "", "xx", "auto"])
def test_a_language_without_names_is_refused(language: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        name_emoji("😀", language)
    assert caught.value.param == "emoji"


EMOJI = "😀🎉👍🏽👩\u200d❤\ufe0f🇩🇪1#\u20e3☀©\U000e0067\U000e007f"


@settings(deadline=None, max_examples=300)
@given(st.text(st.one_of(st.characters(), st.sampled_from(EMOJI + " .，a你\n")), max_size=60))
def test_letters_and_their_order_stay(text: str) -> None:
    kept, num_dropped = drop_emoji(text)
    assert [char for char in text if char.isalpha()] == [char for char in kept if char.isalpha()]
    assert drop_emoji(kept)[1] == 0 or "\u20e3" in text or "\ufe0f" in text
    assert num_dropped or kept == text or "\u20e3" in text
    named, _ = name_emoji(text, "en")
    assert len(named) >= len([char for char in text if char.isalpha()])
