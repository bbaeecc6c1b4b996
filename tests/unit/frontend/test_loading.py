"""Languages are loaded when they are first spoken, each for itself, and spoken from any thread."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tts_core.frontend.languages import load_front_end
from tts_core.frontend.pipeline import phonemize

# What each language loads, and nobody else.
_OWN = {
    "zh": {"tts_core.frontend.chinese", "jieba", "pypinyin"},
    "ja": {"tts_core.frontend.japanese", "pyopenjtalk"},
    "ko": {"tts_core.frontend.korean", "mecab_ko"},
    "yue": {"tts_core.frontend.cantonese", "ToJyutping"},
    "en": {"tts_core.frontend.english"},
}
_HEAVY = {"torch", "transformers", "nltk", "g2p_en", "ray", "fastapi"}
_TEXTS = {
    "zh": "今天是2024年3月5日，我们去公园玩，一共10个人。",
    "ja": "東京都に住んでいる田中さんは、12月24日に生まれた。",
    "ko": "오늘은 3시 30분에 학교에서 만나요. 값이 비싸다.",
    "yue": "我哋今日喺香港食咗3碗飯，唔該晒。",
    "en": "Dr. Smith read 42 books about Supercalifragilism in 2023.",
    "auto": "你好，ありがとう。안녕하세요! Hello there, 東京駅で会いましょう。",
    "auto_yue": "你食咗飯未呀？はい、食べました。OK",
    "all_ja": "日本語だけ、iPhone15も5GBも読む。",
}


def _modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys; print(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import tts_core.frontend.pipeline",
        "from tts_core.frontend.languages import *; canonical_language('ko'); supported_languages('v1')",
        "import tts_core.frontend.segmenter, tts_core.frontend.cut",
    ],
)
def test_nothing_is_loaded_before_a_language_is_spoken(code: str) -> None:
    assert not _modules_after(code) & (set().union(*_OWN.values()) | _HEAVY)


@pytest.mark.parametrize("language", _OWN)
def test_one_language_loads_no_other(language: str) -> None:
    """Neither where its module is imported nor where it speaks."""
    names = [language] if language == "en" else [language, f"all_{language}"]
    text = {**_TEXTS, "zh": "今天天气很好。"}[language]
    loaded = _modules_after(
        f"from tts_core.frontend.pipeline import phonemize\nfor name in {names}: phonemize({text!r}, name)"
    )
    others = set().union(*(own for key, own in _OWN.items() if key != language))
    assert _OWN[language] <= loaded
    assert not loaded & (others | _HEAVY)


def test_a_mixed_text_loads_what_it_needs() -> None:
    loaded = _modules_after(
        "from tts_core.frontend.pipeline import phonemize; phonemize('こんにちは、안녕하세요', 'auto')"
    )
    assert _OWN["ja"] | _OWN["ko"] <= loaded
    assert not loaded & (_OWN["zh"] | _OWN["yue"] | _OWN["en"])


@pytest.mark.parametrize("language", _OWN)
def test_a_language_is_loaded_once_whoever_comes_first(language: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(id, pool.map(load_front_end, [language] * 16)))) == 1


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads take turns every few instructions: what they share would show."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_that_speak_different_languages_get_what_each_gets_alone() -> None:
    jobs = [(text, language) for language, text in _TEXTS.items()]
    jobs += [(text * 4, language) for text, language in jobs]
    alone = {job: phonemize(*job) for job in jobs}
    ready = threading.Barrier(8)

    def speak(offset: int) -> bool:
        ready.wait(60)
        starts = offset % 2
        turns = itertools.islice(itertools.cycle(jobs), starts, starts + len(jobs))
        return all(phonemize(*job) == alone[job] for job in turns)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(speak, range(8)))


def test_threads_that_meet_at_a_cold_start_get_the_same_phones() -> None:
    code = f"""
import threading
from concurrent.futures import ThreadPoolExecutor
from tts_core.frontend.pipeline import phonemize
jobs = [(text, language) for language, text in {_TEXTS!r}.items()] * 2
ready = threading.Barrier(len(jobs))
def speak(job):
    ready.wait(60)
    return phonemize(*job).phones
with ThreadPoolExecutor(len(jobs)) as pool:
    first = list(pool.map(speak, jobs))
assert first == [phonemize(*job).phones for job in jobs]
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
