"""A store of voices whose files are damaged, half written, or change while they are read."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.voices.samples import EXTRA, REFERENCE, add, files
from tts_core.errors import InvalidVoice, UnknownVoice
from tts_core.voices import VoiceStore
from tts_core.voices.artefacts import Artefacts
from tts_core.voices.storage import Storage


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone", "empty"])
@pytest.mark.parametrize("part", ["names/me.json", "artefacts/*/voice.json", "artefacts/*/recording-1"])
def test_damage_is_reported_with_the_file_and_never_served(
    local: VoiceStore, tmp_path: Path, part: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    voice, sound = add(local, extras=[EXTRA]), add(local, "sound", "Another text.")
    [path] = tmp_path.glob(part.replace("*", f"{voice.id}.*"))
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        flipped = data[:30] + bytes([data[30] ^ 1]) + data[31:]
        path.write_bytes({"cut": data[:-10], "flipped": flipped, "empty": b""}[damage])
    expected = UnknownVoice if (path.parent.name, damage) == ("names", "gone") else InvalidVoice

    with pytest.raises(expected) as caught:
        local.read_recording(local.get("me"), 1)

    assert expected is UnknownVoice or path.name in caught.value.message or damage == "flipped"
    with caplog.at_level(logging.ERROR):
        assert sound in local.list()
    assert local.get("sound") == sound


def test_a_list_leaves_damaged_voices_out_and_says_so(
    local: VoiceStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add(local)
    [manifest] = tmp_path.glob("artefacts/*/voice.json")
    manifest.write_bytes(manifest.read_bytes()[:-1])

    assert local.list() == ()
    assert "voice.json" in caplog.text
    voices, [error] = local.scan()
    assert (voices, str(manifest) in error.message) == ((), True)


def test_a_manifest_that_was_edited_is_refused(local: VoiceStore, tmp_path: Path) -> None:
    add(local)
    [manifest] = tmp_path.glob("artefacts/*/voice.json")
    manifest.write_text(manifest.read_text().replace("quick", "quiet"))

    with pytest.raises(InvalidVoice, match=r"voice\.json: expected a manifest of SHA-256"):
        local.get("me")


def test_a_name_that_points_at_another_voice_is_refused(local: VoiceStore, tmp_path: Path) -> None:
    add(local, "a")
    add(local, "b")
    (tmp_path / "names/a.json").write_bytes((tmp_path / "names/b.json").read_bytes())

    with pytest.raises(InvalidVoice, match=r"names/a\.json"):
        local.get("a")


@pytest.mark.parametrize("artefact", ["../../secret", "/etc", "v-0123456789abcdef.00000000.../x", 7])
def test_a_name_points_at_nothing_outside(local: VoiceStore, tmp_path: Path, artefact: object) -> None:
    pointer = {"artefact": artefact, "manifest_sha256": "0" * 64}
    (tmp_path / "names").mkdir()
    (tmp_path / "names/me.json").write_text(json.dumps(pointer))

    with pytest.raises(InvalidVoice, match=r"names/me\.json: expected the place of a voice"):
        local.get("me")


@pytest.mark.parametrize("part", ["names/me.json", "artefacts/*/voice.json", "artefacts/*/recording-0"])
def test_a_damaged_voice_can_be_removed_with_all_its_files(
    local: VoiceStore, tmp_path: Path, part: str
) -> None:
    voice = add(local)
    [path] = tmp_path.glob(part)
    path.write_bytes(b"damaged")

    with pytest.raises(InvalidVoice):
        add(local)
    assert local.remove("me") == ("me",)
    assert files(tmp_path) == []
    assert add(local) == voice


def test_a_half_written_voice_is_not_there(local: VoiceStore, tmp_path: Path) -> None:
    """As after a crash between the artefact and its name."""
    voice = add(local)
    (tmp_path / "names/me.json").unlink()

    for key in ("me", voice.id):
        with pytest.raises(UnknownVoice):
            local.get(key)
    assert local.list() == ()
    assert add(local) == voice


def test_a_failed_write_leaves_nothing(
    local: VoiceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tts_core.voices.storage.os.link", no_space)
    monkeypatch.setattr("tts_core.voices.storage.Path.read_bytes", no_space)

    with pytest.raises(OSError, match="No space"):
        add(local)
    assert [path for path in files(tmp_path) if path.parent.name == "names"] == []
    assert not list(tmp_path.glob("artefacts/*"))


def test_a_mount_without_links_will_do(local: VoiceStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("tts_core.voices.storage.os.link", no_links)

    voice = add(local)

    assert local.get("me") == voice
    with pytest.raises(InvalidVoice, match="belongs to another voice"):
        add(local, text="Something else.")


class Between:
    """Does something once, after the first read of a file whose path has a certain part."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, part: str, action: Callable[[], object]) -> None:
        self._read, self._part = Storage.read, part
        self._action: Callable[[], object] | None = action
        monkeypatch.setattr(Storage, "read", lambda storage, path: self(storage, path))

    def __call__(self, storage: Storage, path: str) -> bytes:
        data = self._read(storage, path)
        if self._part in path and self._action is not None:
            action, self._action = self._action, None
            action()
        return data


@pytest.mark.parametrize("part", ["names/me", "voice.json"])
def test_a_voice_removed_while_it_is_read_is_unknown_and_not_damaged(
    local: VoiceStore, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    voice = add(local)
    Between(monkeypatch, part, lambda: local.remove("me"))

    with pytest.raises(UnknownVoice):
        local.read_recording(voice)


@pytest.mark.parametrize("part", ["names/me", "voice.json"])
def test_a_voice_added_afresh_while_it_is_read_is_read_afresh(
    local: VoiceStore, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    voice = add(local)
    Between(monkeypatch, part, lambda: local.remove("me") and add(local))

    assert local.read_recording(voice) == REFERENCE.data


def test_a_removal_spares_what_was_added_since_it_looked(
    local: VoiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process removed the voice and a third is about to publish the same one again."""
    add(local)
    kept = Artefacts._discard

    def publish_first(artefacts: Artefacts, folder: str) -> None:
        monkeypatch.setattr(Artefacts, "_discard", kept)
        add(local)
        kept(artefacts, folder)

    monkeypatch.setattr(Artefacts, "_discard", publish_first)
    local.remove("me")

    assert local.read_recording(local.get("me")) == REFERENCE.data
