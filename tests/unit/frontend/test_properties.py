"""What holds for any text at all, in every request language."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tts_core.errors import EmptyInput, UnsupportedLanguage
from tts_core.frontend.cut import METHODS, cut_text
from tts_core.frontend.languages import supported_languages
from tts_core.frontend.pipeline import PhoneSequence, phonemize, phonemize_prompt
from tts_core.frontend.segmenter import split_sentences
from tts_core.frontend.symbols import PUNCTUATION, symbol_table

# For a Han character that its dictionary lacks, pyopenjtalk-plus asks SudachiPy, by a method grown old.
pytestmark = pytest.mark.filterwarnings("ignore:Dictionary.create:DeprecationWarning")

LANGUAGES = supported_languages()
_ANY = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
# Letters of all languages beside each other, what stands between them, and what has no form or no sense.
_LETTERS = "aBé你好一不儿東駅気嘅あのッー々ﾞ한글ㅋᄒ大1509٣½Ωя𠮷字กا"
_MARKS = " .,%/:-'\"~\n，。！？…、「」（）《￥$℃°#@&^_"
_UNSEEN = "😀\u200b\u200d\u202e\u0301\ud800\udc00\x00\ufeff"
_WORDS = "10km 3:30 Wi-Fi6 HK$5 https://a.io 1,000.5 …… “你 が」 U.S. 👨\u200d👩\u200d👧"
_PIECES = st.sampled_from([*_LETTERS, *_MARKS, *_UNSEEN, *_WORDS.split()])
TEXTS = st.one_of(st.text(max_size=40), st.lists(_PIECES, max_size=30).map("".join))


def check(sequence: PhoneSequence, version: str) -> None:
    """Check what every sequence of phones must fulfil."""
    assert len(sequence.phones) == len(sequence.ids) == len(sequence)
    table = symbol_table(version)
    assert sequence.ids == table.ids(sequence.phones)
    assert all(phone in table for phone in sequence.phones)
    assert sequence.text == "".join(span.text for span in sequence.spans)
    assert sequence.num_dropped >= 0
    start = 0
    for span in sequence.spans:
        assert span.start == start
        assert span.num_phones > 0
        start += span.num_phones
        assert (span.word2ph is None) == (span.language != "zh")
        if span.word2ph is not None:
            assert len(span.word2ph) == len(span.text)
            assert sum(span.word2ph) == span.num_phones
    assert start == len(sequence)


@_ANY
@given(TEXTS, st.sampled_from(LANGUAGES), st.sampled_from(["v1", "v2"]))
@example("「😀」", "ja", "v2")
@example("か\u3099" * 3, "auto", "v1")
def test_any_text_gives_phones_or_a_documented_error(text: str, language: str, version: str) -> None:
    try:
        sequence = phonemize(text, language, version)
    except EmptyInput:
        return
    except UnsupportedLanguage:
        assert version == "v1"
        return
    check(sequence, version)
    assert any(phone not in PUNCTUATION for phone in sequence.phones)
    assert phonemize(text, language.upper(), version) == sequence


@_ANY
@given(TEXTS, st.sampled_from(LANGUAGES))
def test_a_prompt_is_its_text_with_an_end(text: str, language: str) -> None:
    try:
        prompt = phonemize_prompt(text, language)
    except EmptyInput:
        return
    check(prompt, "v2")


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


@_ANY
@given(TEXTS, st.integers(1, 30), st.sampled_from(LANGUAGES), st.sampled_from(sorted(METHODS)))
def test_cutting_loses_no_letter(text: str, max_chars: int, language: str, method: str) -> None:
    sentences = list(split_sentences(text, max_chars))
    assert "".join(sentences) == (text if text.strip() else "")
    pieces = [piece for sentence in sentences for piece in cut_text(sentence, language, method)]
    assert _letters("".join(pieces)) == _letters(text)


@_ANY
@given(
    st.lists(_PIECES, min_size=1, max_size=12).map("".join), st.sampled_from(["zh", "ja", "ko", "yue", "en"])
)
def test_sentences_apart_leave_out_as_many_letters_as_together(text: str, language: str) -> None:
    """Every letter is read or counted wherever the text is cut at its ends."""

    def num_dropped(part: str) -> int:
        try:
            return phonemize(part, language).num_dropped
        except EmptyInput:
            return -1

    apart = [num_dropped(part) for part in (text, "hello. 大学。" + text + "。")]
    assert apart[0] == -1 or apart[0] <= apart[1]


_UNITS = "1. 1: a1 你a -1 '' ， 「 “ \" ( あ、 字 가 が( 😀 … 1km a.b 東あ é\u0301 \ud800 \u202e\u200b"


@pytest.mark.parametrize("unit", [*_UNITS.split(), "1 ", "한 "])
@pytest.mark.parametrize("language", ["auto", "zh", "ja", "ko", "yue", "en"])
@pytest.mark.timeout(30)
def test_long_text_without_sense_ends(unit: str, language: str) -> None:
    try:
        check(phonemize(unit * (3000 // len(unit)), language), "v2")
    except EmptyInput:
        assert not any(char.isascii() and char.isalnum() for char in unit)
