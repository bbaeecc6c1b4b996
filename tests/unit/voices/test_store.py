"""A store of voices, in a folder and at an fsspec URL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec  # type: ignore[import-untyped]
import pytest

from tests.unit.voices.samples import EXTRA, REFERENCE, TEXT, add, files
from tts_core.errors import InvalidConfig, InvalidVoice, MissingDependency, UnknownVoice
from tts_core.voices import Upload, VoiceDefaults, VoiceStore


@pytest.fixture(params=["folder", "file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "memory":
        yield "memory://voices/of/mine"
        fsspec.filesystem("memory").store.clear()
        fsspec.filesystem("memory").pseudo_dirs[:] = [""]
    else:
        yield f"{'file://' if request.param == 'file' else ''}{tmp_path}/voices"


@pytest.fixture
def store(url: str) -> VoiceStore:
    return VoiceStore(url)


def test_a_voice_is_found_by_name_and_by_id_from_another_store(store: VoiceStore, url: str) -> None:
    added = add(store, extras=[EXTRA], defaults=VoiceDefaults(speed=1.2, top_k=5))

    other = VoiceStore(url)

    assert other.get("me") == other.get(added.id) == added
    assert (added.language, added.text, added.defaults.speed) == ("en", TEXT, 1.2)
    assert [one.name for one in added.recordings] == ["me.wav", "more.flac"]
    assert other.read_recording(added) == REFERENCE.data
    assert other.read_recording(added, 1) == EXTRA.data


def test_an_empty_store_has_no_voices(store: VoiceStore) -> None:
    assert store.list() == ()
    with pytest.raises(UnknownVoice):
        store.get("me")


def test_voices_are_listed_by_name(store: VoiceStore) -> None:
    for name in ("zoe", "adam", "me"):
        add(store, name, f"{TEXT} {name}")

    assert [voice.name for voice in store.list()] == ["adam", "me", "zoe"]


def test_adding_the_same_again_changes_nothing(local: VoiceStore, tmp_path: Path) -> None:
    first = add(local)
    before = files(tmp_path)

    assert add(local) == first
    assert files(tmp_path) == before


def test_a_name_belongs_to_one_voice(store: VoiceStore) -> None:
    first = add(store)

    with pytest.raises(InvalidVoice, match=first.id) as caught:
        add(store, text="Something else.")

    assert caught.value.param == "name"
    assert store.list() == (first,)


def test_equal_content_has_one_id_under_two_names(store: VoiceStore) -> None:
    assert add(store, "a").id == add(store, "b").id
    assert store.remove("a") == ("a",)

    kept = store.get("b")

    assert store.get(kept.id) == kept
    assert store.read_recording(kept) == REFERENCE.data


def test_an_id_removes_all_its_names(store: VoiceStore) -> None:
    voice = add(store, "b")
    add(store, "a")

    assert store.remove(voice.id) == ("a", "b")
    assert store.list() == ()


def test_a_voice_read_before_its_name_went_is_still_there_under_another(store: VoiceStore) -> None:
    held = add(store, "a")
    add(store, "b")
    store.remove("a")

    assert store.read_recording(held) == REFERENCE.data


def test_removing_leaves_nothing_behind(local: VoiceStore, tmp_path: Path) -> None:
    voice = add(local, extras=[EXTRA])
    local.remove("me")

    assert files(tmp_path) == []
    for look in (lambda: local.get("me"), lambda: local.remove("me"), lambda: local.read_recording(voice)):
        with pytest.raises(UnknownVoice):
            look()


def test_a_removed_name_is_free_again(store: VoiceStore) -> None:
    held = add(store)
    store.remove("me")
    added = add(store, text="Something else.")

    assert store.get("me") == added
    with pytest.raises(UnknownVoice):
        store.read_recording(held)


def test_an_unknown_voice_comes_with_names_that_are_near(store: VoiceStore) -> None:
    add(store, "claudia")

    with pytest.raises(UnknownVoice, match="near it: claudia"):
        store.get("cloudia")
    with pytest.raises(UnknownVoice) as caught:
        store.get("v-0123456789abcdef")
    assert "near" not in caught.value.message


@pytest.mark.parametrize("path", ["../me", "/etc/passwd", "", ".", "names/me", "me/../me", "me.json\0"])
def test_a_path_is_not_a_voice(local: VoiceStore, path: str) -> None:
    add(local)

    with pytest.raises(UnknownVoice):
        local.get(path)
    with pytest.raises(UnknownVoice):
        local.remove(path)


@pytest.mark.parametrize(
    ("name", "text", "language", "param"),
    [
        ("a/b", TEXT, "en", "name"),
        ("me", "  \n", "en", "text"),
        ("me", "…!?", "en", "text"),
        ("me", "word " * 100, "en", "text"),
        ("me", TEXT, "tlh", "language"),
    ],
)
def test_what_is_said_of_a_recording_is_checked(
    local: VoiceStore, tmp_path: Path, name: str, text: str, language: str, param: str
) -> None:
    with pytest.raises(InvalidVoice) as caught:
        local.add(name, REFERENCE, text, language)

    assert caught.value.param == param
    assert files(tmp_path) == []


def test_every_recording_is_checked_before_anything_is_kept(local: VoiceStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidVoice, match=r"noise\.wav"):
        add(local, extras=[Upload("noise.wav", b"no sound")])

    assert files(tmp_path) == []


def test_others_may_read_the_files(local: VoiceStore, tmp_path: Path) -> None:
    """A store is shared between users too; a temporary file's own permissions would shut them out."""
    plain = tmp_path / "plain"
    plain.touch()
    add(local)

    assert {path.stat().st_mode for path in files(tmp_path)} == {plain.stat().st_mode}


def test_a_recording_that_a_voice_lacks(local: VoiceStore) -> None:
    with pytest.raises(ValueError, match="1 recordings; asked for index 1"):
        local.read_recording(add(local), 1)


def test_a_url_that_nobody_knows_is_a_configuration_error() -> None:
    with pytest.raises(InvalidConfig, match="nosuch"):
        VoiceStore("nosuch://voices")


def test_a_url_whose_package_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)

    with pytest.raises(MissingDependency, match="s3fs"):
        VoiceStore("s3://bucket/voices")
