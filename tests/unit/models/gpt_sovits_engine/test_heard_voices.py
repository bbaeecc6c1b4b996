"""Voices are listened to once, as long as they are asked for now and then."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.unit.models.gpt_sovits_engine.support import Prompt, Prompts
from tts_core.errors import InvalidVoice, UnknownVoice
from tts_core.models.gpt_sovits import heard_voices
from tts_core.models.gpt_sovits.conditioning import style_of
from tts_core.models.gpt_sovits.heard_voices import HeardVoices
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.request import Reference


class Store:
    """Gives prompts by the first word of a voice's name, and notes what it was asked for."""

    def __init__(self, model: LoadedModel) -> None:
        self.prompts, self.asked = Prompts(model), list[Reference]()

    def __call__(self, reference: Reference) -> Prompt:
        self.asked.append(reference)
        return self.prompts(Reference(reference.voice.split()[0]))


def test_a_voice_is_what_its_prompt_says(model: LoadedModel) -> None:
    prompt = Prompts(model)(Reference("ada"))
    voice = HeardVoices(Prompts(model), model)(Reference("ada"))
    assert torch.equal(voice.tokens, prompt.tokens)
    assert torch.equal(voice.bert, prompt.bert)
    assert voice.phones == prompt.phones
    style = style_of(prompt, model)
    assert torch.equal(voice.style.audio, style.audio)
    assert torch.equal(voice.style.text, style.text)


def test_each_is_asked_for_once_with_all_that_a_request_changes_of_it(model: LoadedModel) -> None:
    store = Store(model)
    voices = HeardVoices(store, model)
    different = [
        Reference("ada"),
        Reference("bo"),
        Reference("ada", "Another text.", "en"),
        Reference("ada", timbres=("bo",)),
    ]
    heard = [voices(reference) for reference in different]
    assert [voices(reference) for reference in different] == heard
    assert store.asked == different


def test_who_was_asked_for_longest_ago_is_forgotten(
    model: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heard_voices, "MOST_VOICES", 2)
    store = Store(model)
    voices = HeardVoices(store, model)
    for name in ("ada 1", "ada 2", "ada 1", "ada 3", "ada 1", "ada 2"):
        voices(Reference(name))
    assert [reference.voice for reference in store.asked] == ["ada 1", "ada 2", "ada 3", "ada 2"]


def test_a_voice_that_is_not_finite_is_nobodys_fault_but_its_own(model: LoadedModel) -> None:
    def prompt_of(reference: Reference) -> Any:
        prompt = Prompts(model)(reference)
        return replace(prompt, spectrograms=(torch.full_like(prompt.spectrograms[0], math.inf),))

    with pytest.raises(InvalidVoice, match="voice ada: what model 'tiny' hears isn't finite"):
        HeardVoices(prompt_of, model)(Reference("ada"))


def test_what_failed_is_asked_for_again(model: LoadedModel) -> None:
    store = Store(model)
    voices = HeardVoices(store, model)
    for _ in range(2):
        with pytest.raises(UnknownVoice):
            voices(Reference("nobody"))
    assert len(store.asked) == 2
