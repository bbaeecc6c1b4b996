"""The front ends' benchmark: its text, its figures, what it refuses."""

from __future__ import annotations

import contextlib
import io

import pytest
from rich.console import Console

from benchmarks.frontend.run import Settings, SettingsError, measure_all, registered_languages
from benchmarks.frontend.terminal import table_of
from benchmarks.frontend.texts import languages_with_text, sentences
from tts_core.frontend.languages import supported_languages


def test_every_language_with_a_front_end_has_a_text() -> None:
    names = {name for name in supported_languages() if not name.startswith(("auto", "all_"))}
    assert names == set(languages_with_text()) == set(registered_languages())


def test_text_is_as_long_as_asked_and_the_seed_decides_its_numbers() -> None:
    text = list(sentences("en", 2000, seed=1))
    assert 2000 <= sum(map(len, text)) < 2200
    assert text == list(sentences("en", 2000, seed=1))
    assert text != list(sentences("en", 2000, seed=2))


def test_a_run_tells_speed_start_and_memory() -> None:
    settings = Settings(("en",), num_chars=1500, rounds=2)
    document = measure_all(settings, lambda _: contextlib.nullcontext())
    english = document["languages"]["en"]
    assert len(english["rounds"]) == 2
    assert all(value > 0 for value in english["median"].values())
    assert english["median"]["bytes_loaded"] > english["median"]["bytes_before"]
    console = Console(file=io.StringIO(), width=120)
    console.print(table_of(document))
    assert isinstance(console.file, io.StringIO)
    assert " en " in console.file.getvalue()


@pytest.mark.parametrize("settings", [{"languages": ("xx",)}, {"languages": ("en",), "rounds": 0}])
def test_what_there_is_not_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        Settings(**settings)  # type: ignore[arg-type]
