"""From text to ids: golden sentences, alignment, languages, errors, and what may not happen on any text."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from tests.unit.frontend.golden import GOLDEN, different, matching
from tts_core.errors import EmptyInput, InvalidParameter, UnsupportedLanguage
from tts_core.frontend import languages
from tts_core.frontend.languages import canonical_language, load_front_end, supported_languages
from tts_core.frontend.pipeline import PhoneSequence, phonemize, phonemize_prompt
from tts_core.frontend.protocol import Pronunciation
from tts_core.frontend.symbols import symbol_table

# For a Han character that its dictionary lacks, pyopenjtalk-plus asks SudachiPy, by a method grown old.
pytestmark = pytest.mark.filterwarnings("ignore:Dictionary.create:DeprecationWarning")


@pytest.mark.parametrize(
    "case", matching(GOLDEN["pipe"]), ids=lambda case: f"{case['lang']}-{case['text'][:20]}"
)
def test_golden_phones(case: dict[str, Any]) -> None:
    assert " ".join(phonemize(case["text"], case["lang"]).phones) == case["phones"]


@pytest.mark.parametrize("case", different(GOLDEN["pipe"]), ids=lambda case: case["text"][:20])
def test_sentences_listed_as_different_are(case: dict[str, Any]) -> None:
    assert " ".join(phonemize(case["text"], case["lang"]).phones) != case["phones"]


def check_alignment(sequence: PhoneSequence) -> None:
    assert len(sequence.phones) == len(sequence.ids) == len(sequence)
    start = 0
    for span in sequence.spans:
        assert span.start == start
        start += span.num_phones
        assert (span.word2ph is None) == (span.language != "zh")
        if span.word2ph is not None:
            assert len(span.word2ph) == len(span.text)
            assert sum(span.word2ph) == span.num_phones
    assert start == len(sequence)


def test_mixed_text_keeps_each_languages_alignment() -> None:
    sequence = phonemize("我爱Python和GPT，真的。", "zh")
    assert [span.language for span in sequence.spans] == ["zh", "en", "zh", "en", "zh"]
    assert sequence.text == "我爱Python和G P T,真的."
    check_alignment(sequence)


def test_very_short_text_begins_with_a_full_stop() -> None:
    assert phonemize("好", "zh").phones == (".", "h", "ao3")
    assert phonemize("Ok", "en").phones == (".", "OW1", "K", "EY1")


def test_the_version_decides_the_ids() -> None:
    text = "你好，世界。"
    phones = phonemize(text, "zh", "v1").phones
    assert phonemize(text, "zh", "v1").ids == symbol_table("v1").ids(phones)
    with pytest.raises(InvalidParameter):
        phonemize(text, "zh", "v7")


@pytest.mark.parametrize("language", ["xx", "", "all_en", "auto_ko", "zh\ud800", "中文"])
def test_other_languages_are_refused_with_the_list_of_those_that_work(language: str) -> None:
    with pytest.raises(UnsupportedLanguage) as caught:
        phonemize("你好世界", language)
    assert all(name in caught.value.message for name in supported_languages())


def test_the_reference_s_request_languages_are_supported() -> None:
    later = {"auto_yue", "ko", "all_ko", "yue", "all_yue"}
    first = {"auto", "auto_ja", "zh", "all_zh", "ja", "all_ja", "en"}
    assert set(supported_languages()) == set(supported_languages("v2ProPlus")) == first | later
    assert set(supported_languages("v1")) == first


@pytest.mark.parametrize("language", ["ko", "all_ko", "yue", "ALL_YUE", "auto_yue"])
def test_version_1_has_no_phones_for_korean_and_cantonese_and_says_so(language: str) -> None:
    assert phonemize("你好，안녕하세요", language, "v2")
    for refused in (lambda: canonical_language(language, "v1"), lambda: phonemize("你好", language, "v1")):
        with pytest.raises(UnsupportedLanguage, match="version v1; supported: auto, auto_ja, zh, all_zh"):
            refused()


def test_version_1_refuses_hangul_in_an_automatic_text_and_counts_it_in_others() -> None:
    with pytest.raises(UnsupportedLanguage, match="'ko' is not supported by models of version v1"):
        phonemize("你好，안녕하세요", "auto", "v1")
    assert phonemize("你好，안녕", "zh", "v1").num_dropped == 2


@pytest.mark.parametrize("language", ["ALL_ZH", "All_Ja", "KO", " auto_YUE\n"])
def test_languages_are_taken_in_any_case(language: str) -> None:
    sequence = phonemize("你好世界2024", language)
    assert sequence.language == language.strip().lower()
    assert sequence == phonemize("你好世界2024", sequence.language)


def test_a_seventh_language_is_a_module_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class FrontEnd:
        def pronounce(self, text: str) -> Pronunciation:
            return Pronunciation(text, ("a1",) * len(text))

    module = types.ModuleType("martian")
    module.FrontEnd = FrontEnd  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "martian", module)
    monkeypatch.setitem(languages._LANGUAGES, "mars", languages._Language("martian", "a1"))
    assert {"mars", "all_mars"} <= set(supported_languages())
    spans = phonemize("火星のMars", "mars").spans
    assert [(span.language, span.text) for span in spans] == [("mars", "火星の"), ("en", "Mars")]
    monkeypatch.delitem(languages._loaded, "martian")


@pytest.mark.parametrize(
    "text", ["", " \n", "。。。", "😀🎉", "!?", "…—~", "привет", "「」", "\u202e\u200b", "́" * 9, "\ud800"]
)
@pytest.mark.parametrize("language", supported_languages())
def test_nothing_to_say_is_an_error(text: str, language: str) -> None:
    with pytest.raises(EmptyInput):
        phonemize(text, language)


def test_a_prompt_gets_its_end() -> None:
    assert phonemize_prompt("\n今天天气很好\n", "zh").phones[-1] == "."
    assert phonemize_prompt("Hello world", "EN").phones == phonemize("Hello world.", "en").phones
    assert phonemize_prompt("今天天气很好！", "zh").phones[-1] == "!"
    with pytest.raises(EmptyInput):
        phonemize_prompt("\n", "zh")


def test_a_language_is_loaded_once() -> None:
    assert load_front_end("en") is load_front_end("en")
