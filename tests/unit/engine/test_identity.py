"""Engines share an identity only where they give the same bytes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from tts_core.engine.assembly import EngineOptions
from tts_core.engine.identity import identity_of
from tts_core.fingerprints import digest, joined, sound_alike, versions
from tts_core.frontend.lexicon import Words
from tts_core.frontend.lexicon.reading import Reading
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import SpeakingOptions
from tts_core.sampling_params import SamplingParams


def model(fingerprint: str = "weights") -> LoadedModel:
    fake: Any = SimpleNamespace(fingerprint=fingerprint, device=torch.device("cpu"))
    return cast(LoadedModel, fake)


def speaking(**changes: Any) -> EngineOptions:
    return EngineOptions(speaking=SpeakingOptions(**changes))


def word(kana: str) -> Words:
    return Words([Reading("東京", "ja", (), kana)])


def test_equal_engines_are_told_apart_by_nothing() -> None:
    assert identity_of(model(), EngineOptions()) == identity_of(model(), EngineOptions())
    assert identity_of(model(), speaking(words=word("トーキョー"))) == identity_of(
        model(), speaking(words=word("トーキョー"))
    )


@pytest.mark.parametrize(
    "options",
    [
        EngineOptions(num_threads=2),
        EngineOptions(num_slots=5),
        speaking(noise_scale=0.4),
        speaking(pause_s=0.2),
        speaking(max_len=1000),
        speaking(num_window_rows=4),
        speaking(sampling=SamplingParams(top_k=3)),
        speaking(words=word("トーキョー")),
    ],
)
def test_what_bits_may_depend_on_tells_engines_apart(options: EngineOptions) -> None:
    assert identity_of(model(), options) != identity_of(model(), EngineOptions())


def test_so_do_weights_and_what_words_sound_like() -> None:
    assert identity_of(model("others"), EngineOptions()) != identity_of(model(), EngineOptions())
    one, other = speaking(words=word("トーキョー")), speaking(words=word("ヒガシ"))
    assert identity_of(model(), one) != identity_of(model(), other)


@pytest.mark.parametrize(
    "options",
    [EngineOptions(policy="round_robin"), EngineOptions(min_pace=1.0), EngineOptions(max_step_s=5.0)],
)
def test_what_bits_never_depend_on_does_not(options: EngineOptions) -> None:
    assert identity_of(model(), options) == identity_of(model(), replace(EngineOptions()))


def test_parts_of_a_digest_keep_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert len(digest("\ud800")) == 32


def test_versions_say_what_is_missing() -> None:
    assert versions("numpy", "no-such-package").endswith("no-such-package=none")


def test_what_sounds_alike_is_told_from_what_is_the_same() -> None:
    one, elsewhere, other = joined("ann", "cpu"), joined("ann", "gpu"), joined("bob", "cpu")
    assert one != elsewhere
    assert sound_alike(one, elsewhere)
    assert not sound_alike(one, other)
    assert sound_alike(digest("formant"), digest("formant"))
    assert not sound_alike(digest("formant"), digest("another"))
