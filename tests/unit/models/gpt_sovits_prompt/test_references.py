"""A request's own prompt text, and others' timbres: what a voice would be that was kept so."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from tests.unit.models.gpt_sovits_prompt.conftest import Computed, LoadEncoders
from tests.unit.models.gpt_sovits_prompt.same import same
from tests.unit.voices.samples import encode, speech
from tts_core.errors import InvalidVoice, UnknownVoice, UnsupportedLanguage
from tts_core.models.gpt_sovits.prompt import PromptEncoders, compute_prompt, reread, with_timbre
from tts_core.models.gpt_sovits.prompt_cache import PromptCache
from tts_core.models.gpt_sovits.stored_voices import StoredVoices
from tts_core.request import Reference, Segment, SynthesisRequest
from tts_core.voices import Upload, Voice, VoiceStore

OTHER_TEXT = "今天天气真好。"
SOUNDS = ((22_050, 3.0), (48_000, 1.5))


@pytest.fixture
def friend(store: VoiceStore) -> Voice:
    recordings = [
        Upload(f"{rate}.wav", encode(speech(rate, duration_s), rate)) for rate, duration_s in SOUNDS
    ]
    return store.add("friend", recordings[0], "Somebody else says this.", "en", extras=recordings[1:])


def stored(store: VoiceStore, encoders: PromptEncoders, folder: Path) -> StoredVoices:
    parts = {
        "speech_features": encoders.speech,
        "phone_features": encoders.phones,
        "speaker_encoder": encoders.speaker,
        "sovits": SimpleNamespace(config=encoders.config, codebook=encoders.codebook),
    }
    model = SimpleNamespace(name="tiny", readings="natural", **parts)
    return StoredVoices(store, PromptCache(folder), cast(Any, model))


@pytest.mark.parametrize(("text", "language"), [(OTHER_TEXT, "zh"), ("Another text", "en")])
def test_another_text_is_as_if_the_voice_said_it(
    load_encoders: LoadEncoders, voice: Voice, store: VoiceStore, computed: Computed, text: str, language: str
) -> None:
    encoders = load_encoders("v2")
    original = computed(voice, store, encoders)
    changed = reread(original, voice.name, text, language, encoders)
    alike = compute_prompt(
        dataclasses.replace(voice, text=text, language=language), Files(voice, store), encoders
    )
    assert same(changed, alike)
    assert not same(changed, original)


class Files:
    """A voice's files, for one that differs in its text."""

    def __init__(self, voice: Voice, store: VoiceStore) -> None:
        self._voice, self._store = voice, store

    def read_recording(self, voice: Voice, index: int = 0) -> bytes:
        return self._store.read_recording(self._voice, index)


@pytest.mark.parametrize("version", ["v2", "v2Pro"])
def test_a_timbre_is_one_more_recording_and_nothing_else(
    load_encoders: LoadEncoders,
    voice: Voice,
    friend: Voice,
    store: VoiceStore,
    computed: Computed,
    version: str,
) -> None:
    encoders = load_encoders(version)
    one, other = (computed(each, store, encoders) for each in (voice, friend))
    both = with_timbre(one, other)
    assert [torch.equal(*pair) for pair in zip(both.spectrograms[:2], one.spectrograms, strict=True)] == [
        True
    ] * 2
    assert torch.equal(both.spectrograms[2], other.spectrograms[0])
    assert len(both.spectrograms) == 3
    assert len(both.speakers) == (3 if version == "v2Pro" else 0)
    assert (both.tokens is one.tokens, both.phones is one.phones, both.bert is one.bert) == (True, True, True)


def test_a_request_s_reference_reaches_the_prompt(
    load_encoders: LoadEncoders,
    voice: Voice,
    friend: Voice,
    store: VoiceStore,
    computed: Computed,
    tmp_path: Path,
) -> None:
    encoders = load_encoders("v2")
    voices = stored(store, encoders, tmp_path / "cache")
    assert voices.infos()[1].recordings == ("me.wav", "more.webm")
    plain, other = computed(voice, store, encoders), computed(friend, store, encoders)
    assert same(voices.prompt(Reference("me")), plain)
    assert same(voices.prompt(Reference("me", voice.text)), plain)
    own = voices.prompt(Reference("me", OTHER_TEXT, "zh", ("friend",)))
    assert same(own, with_timbre(reread(plain, "me", OTHER_TEXT, "zh", encoders), other))
    # What requests bring along isn't kept: two voices are in the cache, as they are.
    assert len(list((tmp_path / "cache").iterdir())) == 2
    assert same(voices.prompt(Reference("me")), plain)


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        (Reference("me", "..."), InvalidVoice),
        (Reference("me", "word " * 100), InvalidVoice),
        (Reference("me", "Hello.", "sw"), UnsupportedLanguage),
        (Reference("me", timbres=("nobody",)), UnknownVoice),
        (Reference("me", timbres=("../me",)), UnknownVoice),
        (Reference("nobody"), UnknownVoice),
    ],
)
def test_what_no_voice_could_be_is_refused(
    load_encoders: LoadEncoders,
    voice: Voice,
    store: VoiceStore,
    tmp_path: Path,
    reference: Reference,
    error: type[Exception],
) -> None:
    voices = stored(store, load_encoders("v2"), tmp_path / "cache")
    with pytest.raises(error):
        voices.prompt(reference)


def test_timbres_are_settled_by_id_too(
    load_encoders: LoadEncoders, voice: Voice, friend: Voice, store: VoiceStore, tmp_path: Path
) -> None:
    """A name may become another voice's while the request is replayed elsewhere."""
    voices = stored(store, load_encoders("v2"), tmp_path / "cache")
    voices.infos()
    segments = (Segment(0, "Hello."),)
    request = SynthesisRequest(
        request_id="r", model="tiny", voice="me", segments=segments, timbres=("friend",)
    )
    settled = voices.settle(request)
    assert (settled.voice, settled.timbres) == (voice.id, (friend.id,))
    with pytest.raises(UnknownVoice):
        voices.settle(dataclasses.replace(request, timbres=("friend", "x")))


def test_a_timbre_that_has_just_come_is_settled_by_id_as_well(
    load_encoders: LoadEncoders, voice: Voice, store: VoiceStore, tmp_path: Path
) -> None:
    """What is kept of it must not be what its name meant before."""
    voices = stored(store, load_encoders("v2"), tmp_path / "cache")
    voices.infos()
    late = store.add("late", Upload("late.wav", encode(speech(22_050, 3.0), 22_050)), "Late again.", "en")
    request = SynthesisRequest(
        request_id="r", model="tiny", voice="me", segments=(Segment(0, "Hello."),), timbres=("late",)
    )
    assert voices.settle(request).timbres == (late.id,)
