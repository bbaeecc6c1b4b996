"""Prompt features on disk."""

from __future__ import annotations

import dataclasses
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.models.gpt_sovits_prompt.conftest import Computed, LoadEncoders
from tests.unit.models.gpt_sovits_prompt.same import same
from tests.unit.voices.samples import TEXT, upload
from tts_core.errors import InvalidVoice
from tts_core.models.gpt_sovits.prompt import PromptEncoders
from tts_core.models.gpt_sovits.prompt_cache import PromptCache
from tts_core.voices import Voice, VoiceStore


class NoSource:
    """A source whose use fails the test: everything must come from the cache."""

    def read_recording(self, voice: Voice, index: int = 0) -> bytes:
        raise AssertionError("the voice is read again")


@pytest.fixture
def encoders(load_encoders: LoadEncoders) -> PromptEncoders:
    return load_encoders("v2")


@pytest.fixture
def cache(tmp_path: Path) -> PromptCache:
    return PromptCache(tmp_path / "prompts")


def test_what_is_kept_equals_what_is_computed_bit_for_bit(
    cache: PromptCache, voice: Voice, store: VoiceStore, load_encoders: LoadEncoders, computed: Computed
) -> None:
    encoders = load_encoders("v2Pro")

    fresh = cache.prompt(voice, store, encoders)

    kept = PromptCache(cache.folder).prompt(voice, NoSource(), encoders)

    assert same(fresh, kept)
    assert same(computed(voice, store, encoders), kept)


def test_another_voice_and_another_model_have_entries_of_their_own(
    cache: PromptCache, voice: Voice, store: VoiceStore, load_encoders: LoadEncoders
) -> None:
    other = store.add("other", upload(), TEXT, "en")
    entries = [(one, load_encoders(version)) for one in (voice, other) for version in ("v1", "v2")]

    fresh = [cache.prompt(*entry[:1], store, *entry[1:]) for entry in entries]

    assert len(list(cache.folder.iterdir())) == 4
    for (one, encoders), features in zip(entries, fresh, strict=True):
        assert same(cache.prompt(one, NoSource(), encoders), features)


def test_a_renamed_voice_shares_its_features(
    cache: PromptCache, voice: Voice, store: VoiceStore, encoders: PromptEncoders
) -> None:
    cache.prompt(voice, store, encoders)

    cache.prompt(dataclasses.replace(voice, name="you"), NoSource(), encoders)


def flip(position: float) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        index = int(position * (len(data) - 1))
        return data[:index] + bytes([data[index] ^ 0x10]) + data[index + 1 :]

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        flip(0.0),
        flip(1e-5),
        flip(0.3),
        flip(0.999),
        lambda data: data[:-1],
        lambda data: data[:5],
        lambda _: b"",
    ],
)
def test_a_damaged_entry_is_computed_again_with_a_warning(
    cache: PromptCache,
    voice: Voice,
    store: VoiceStore,
    encoders: PromptEncoders,
    damage: Callable[[bytes], bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    fresh = cache.prompt(voice, store, encoders)
    path = cache.path_of(voice.id, encoders.fingerprint)
    path.write_bytes(damage(path.read_bytes()))

    with caplog.at_level(logging.WARNING):
        again = cache.prompt(voice, store, encoders)

    assert same(again, fresh)
    assert str(path) in caplog.text
    assert same(cache.prompt(voice, NoSource(), encoders), fresh)


def test_an_entry_of_other_models_under_this_name_is_not_served(
    cache: PromptCache, voice: Voice, store: VoiceStore, load_encoders: LoadEncoders, computed: Computed
) -> None:
    """The name has a part of the fingerprint only."""
    pro, v2 = load_encoders("v2Pro"), load_encoders("v2")
    cache.prompt(voice, store, pro)
    os.replace(cache.path_of(voice.id, pro.fingerprint), cache.path_of(voice.id, v2.fingerprint))

    assert same(cache.prompt(voice, store, v2), computed(voice, store, v2))


def test_entries_used_longest_ago_go_first(
    cache: PromptCache, store: VoiceStore, load_encoders: LoadEncoders
) -> None:
    encoders = load_encoders("v2")
    voices = [store.add(f"voice-{index}", upload(), f"{TEXT} {index}", "en") for index in range(3)]
    paths = [cache.path_of(voice.id, encoders.fingerprint) for voice in voices]
    cache.prompt(voices[0], store, encoders)
    cache.prompt(voices[1], store, encoders)
    for age_s, path in ((20, paths[0]), (10, paths[1])):
        os.utime(path, (time.time() - age_s,) * 2)
    cache.prompt(voices[0], NoSource(), encoders)  # so that the second is the oldest
    cache.max_bytes = sum(path.stat().st_size for path in paths[:2]) + 100

    cache.prompt(voices[2], store, encoders)

    assert [path.exists() for path in paths] == [True, False, True]


def test_what_a_dead_process_left_is_swept_and_what_a_live_one_writes_is_not(
    cache: PromptCache, voice: Voice, store: VoiceStore, encoders: PromptEncoders
) -> None:
    cache.folder.mkdir()
    old, new, foreign = (cache.folder / name for name in (".a.part", ".b.part", "notes.txt"))
    for path in (old, new, foreign):
        path.touch()
    for path in (old, foreign):
        os.utime(path, (0, 0))

    cache.prompt(voice, store, encoders)

    assert [path.exists() for path in (old, new, foreign)] == [False, True, True]


def test_a_cache_that_can_t_be_written_costs_a_warning_and_no_answer(
    cache: PromptCache,
    voice: Voice,
    store: VoiceStore,
    encoders: PromptEncoders,
    computed: Computed,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cache.folder.write_text("a file where the folder should be")

    with caplog.at_level(logging.WARNING):
        features = cache.prompt(voice, store, encoders)

    assert same(features, computed(voice, store, encoders))
    assert "can't be kept" in caplog.text


def test_a_damaged_voice_leaves_no_entry(
    cache: PromptCache, voice: Voice, store: VoiceStore, encoders: PromptEncoders
) -> None:
    [path] = Path(store.url).glob("artefacts/*/recording-1")
    path.write_bytes(b"damaged")

    with pytest.raises(InvalidVoice, match="recording-1"):
        cache.prompt(voice, store, encoders)
    assert not cache.folder.exists()
