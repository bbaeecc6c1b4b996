"""What a voice says of itself reaches the engine, and a new voice is there at once."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tts_core.errors import InvalidParameter
from tts_core.models.gpt_sovits.stored_voices import StoredVoices
from tts_core.request import Segment, SynthesisRequest
from tts_core.sampling_params import SamplingParams
from tts_core.voices import Voice, VoiceDefaults


class Store:
    def __init__(self) -> None:
        self.voices = [
            Voice("plain", "Hello.", "en", ()),
            Voice("slow", "Hello.", "zh", (), VoiceDefaults(speed=0.5, top_k=3)),
        ]

    def list(self) -> tuple[Voice, ...]:
        return tuple(self.voices)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def voices(store: Store, monkeypatch: pytest.MonkeyPatch) -> StoredVoices:
    monkeypatch.setattr("tts_core.models.gpt_sovits.stored_voices.PromptEncoders", lambda *_: None)
    monkeypatch.setattr("tts_core.models.gpt_sovits.stored_voices._MAX_AGE_S", 0.0)
    parts = dict.fromkeys(("speech_features", "phone_features", "speaker_encoder"))
    sovits = SimpleNamespace(config=None, codebook=None)
    model = SimpleNamespace(name="mine", readings="natural", sovits=sovits, **parts)
    voices = StoredVoices(cast(Any, store), cast(Any, None), cast(Any, model))
    voices.infos()
    return voices


def request(voice: str, **changes: Any) -> SynthesisRequest:
    return SynthesisRequest(
        request_id="r", model="mine", voice=voice, segments=(Segment(0, "Hello."),), **changes
    )


def test_a_voice_without_defaults_changes_nothing(voices: StoredVoices) -> None:
    asked = request("plain", speed=1.5)
    voice = Voice("plain", "Hello.", "en", ())
    assert voices.settle(asked) == dataclasses.replace(asked, voice=voice.id)


def test_speed_is_relative_to_the_voices_and_its_sampling_stands_in(voices: StoredVoices) -> None:
    settled = voices.settle(request("slow", speed=1.5))
    assert settled.speed == 0.75
    assert settled.sampling == SamplingParams(top_k=3)


def test_a_requests_own_sampling_goes_first(voices: StoredVoices) -> None:
    own = SamplingParams(temperature=0.5)
    assert voices.settle(request("slow", sampling=own)).sampling == own


def test_both_speeds_together_must_be_in_range(voices: StoredVoices) -> None:
    with pytest.raises(InvalidParameter) as caught:
        voices.settle(request("slow", speed=0.3))
    assert caught.value.param == "speed"


def test_an_added_voice_is_listed(voices: StoredVoices, store: Store) -> None:
    assert [info.id for info in voices.infos()] == ["plain", "slow"]
    store.voices.append(Voice("new", "Hello.", "en", ()))
    assert [info.id for info in voices.infos()] == ["plain", "slow", "new"]
