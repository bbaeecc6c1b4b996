"""A voice's id and its settings."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import pytest

from tts_core.errors import InvalidVoice
from tts_core.voices import Recording, Voice, VoiceDefaults
from tts_core.voices.voice import check_name

REFERENCE = Recording("me.wav", "a" * 64, 1000, 4.0)
EXTRA = Recording("more.wav", "b" * 64, 2000, 5.0)
VOICE = Voice("me", "Hello there.", "en", (REFERENCE, EXTRA), VoiceDefaults(speed=1.1))


def test_the_id_is_stable_across_releases() -> None:
    spelling = (
        '{"defaults":{"speed":1.1},"format":"polyvox-voice/1","language":"en","recordings":["'
        + "a" * 64 + '","' + "b" * 64 + '"],"text":"Hello there."}'
    )  # fmt: skip

    assert VOICE.id == "v-" + hashlib.sha256(spelling.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Hello there"},
        {"language": "zh"},
        {"recordings": (REFERENCE,)},
        {"recordings": (EXTRA, REFERENCE)},
        {"defaults": VoiceDefaults()},
    ],
)
def test_other_content_gives_another_id(change: dict[str, Any]) -> None:
    assert dataclasses.replace(VOICE, **change).id != VOICE.id


def test_names_and_what_decoders_say_do_not_count() -> None:
    renamed = dataclasses.replace(REFERENCE, name="other.wav", duration_s=4.1)

    assert dataclasses.replace(VOICE, name="you", recordings=(renamed, EXTRA)).id == VOICE.id


def test_a_voice_survives_its_description() -> None:
    assert Voice.from_dict(VOICE.to_dict()) == VOICE


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Hello you."},
        {"format": "polyvox-voice/2"},
        {"recordings": []},
        {"recordings": [{"name": "x"}]},
        {"recordings": None},
        {"defaults": {"speed": 9}},
        {"defaults": {"pitch": 1}},
        {"text": None},
        {"id": "v-0000000000000000"},
    ],
)
def test_a_description_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidVoice):
        Voice.from_dict(VOICE.to_dict() | change)


def test_a_description_without_a_field_is_refused() -> None:
    for name in VOICE.to_dict():
        rest = {key: value for key, value in VOICE.to_dict().items() if key != name}
        with pytest.raises(InvalidVoice):
            Voice.from_dict(rest)


@pytest.mark.parametrize("name", ["me", "A.b_c-9", "1", "x" * 64, "v-1"])
def test_names_that_will_do(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../me", "a/b", "a b", "-x", "ü", "x" * 65, "me\n", "v-0123456789abcdef", "a\0"]
)
def test_names_that_will_not(name: str) -> None:
    with pytest.raises(InvalidVoice, match="voice name"):
        check_name(name)


@pytest.mark.parametrize(
    "values",
    [
        {"top_k": 0}, {"top_k": 1025}, {"top_k": 5.0}, {"top_k": True}, {"top_p": 0.0}, {"top_p": 1.1},
        {"temperature": -0.1}, {"temperature": 2.1}, {"temperature": float("nan")}, {"speed": 0.2},
        {"speed": 4.1}, {"speed": float("inf")}, {"repetition_penalty": 0.0}, {"speed": "1"},
        {"top_k": 10**5000}, {"speed": 10**400},
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused_with_the_range(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidVoice, match=r"from .* to .*; found") as caught:
        VoiceDefaults(**values)
    assert caught.value.param == next(iter(values))


def test_a_whole_number_and_its_float_are_one_setting() -> None:
    assert VoiceDefaults(speed=1).to_dict() == {"speed": 1.0}
    whole = dataclasses.replace(VOICE, defaults=VoiceDefaults(speed=1))
    assert whole.id == dataclasses.replace(VOICE, defaults=VoiceDefaults(speed=1.0)).id
