"""`polyvox voices add`, `list`, `show` and `remove` as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from polyvox.commands.cloning import DEFAULT_STORE, app
from tests.unit.voices.samples import TEXT, upload
from tts_core import voices


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "voices"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "me [v2] ü.wav"
    path.write_bytes(upload(16_000).data)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def add(recording: Path, store: Path, *more: object) -> Result:
    return run("add", recording, "--text", TEXT, "--lang", "en", "--store", store, *more)


def assert_one_line(result: Result, code: str) -> None:
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "a traceback"
    assert result.stdout == ""
    assert result.stderr.startswith(f"{code}: ")
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_voice_is_added_listed_shown_and_removed(recording: Path, store: Path, tmp_path: Path) -> None:
    extra = tmp_path / "more.flac"
    extra.write_bytes(upload(22_050, 2.0, "FLAC").data)

    added = add(recording, store, "--name", "me", "--extra", extra, "--default", "speed=1.1")

    assert added.exit_code == 0, added.stderr
    voice = voices.VoiceStore(store).get("me")
    assert added.stdout == f"me {voice.id}\n"
    assert (voice.text, voice.language, voice.defaults.speed) == (TEXT, "en", 1.1)
    listed = run("list", "--store", store)
    assert all(told in listed.stdout for told in ("me", voice.id, "en", "4.0", TEXT[:20]))
    assert "\n  me     v-" in listed.stdout, "a row that begins with the name"
    shown = run("show", voice.id, "--store", store)
    for told in (voice.id, TEXT, "me [v2] ü.wav", "more.flac", "2.00 s", "speed=1.1"):
        assert told in shown.stdout
    assert run("remove", "me", "--store", store).stdout == "removed me\n"
    assert run("list", "--store", store).stdout == ""


def test_the_file_s_name_becomes_the_voice_s(recording: Path, store: Path) -> None:
    assert add(recording, store).stdout.startswith("me-v2 v-")


def test_a_file_name_that_gives_none_asks_for_one(recording: Path, store: Path) -> None:
    named = recording.rename(recording.with_name("声音.wav"))

    result = add(named, store)

    assert_one_line(result, "invalid_voice")
    assert "--name" in result.stderr


def test_json_is_for_programs(recording: Path, store: Path) -> None:
    add(recording, store, "--default", "top_k=5")

    [listed] = json.loads(run("list", "--json", "--store", store).stdout)
    shown = json.loads(run("show", "me-v2", "--json", "--store", store).stdout)

    assert listed == shown == voices.VoiceStore(store).get("me-v2").to_dict()
    assert listed["defaults"] == {"top_k": 5}


def test_any_fsspec_url_will_do(recording: Path, store: Path) -> None:
    assert run("add", recording, "--text", TEXT, "--lang", "en", "--store", f"file://{store}").exit_code == 0
    assert run("show", "me-v2", "--store", store).exit_code == 0


def test_the_store_s_place_comes_from_the_environment(
    recording: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYVOX_VOICES", str(store))

    assert run("add", recording, "--text", TEXT, "--lang", "en").exit_code == 0
    assert [voice.name for voice in voices.VoiceStore(store).list()] == ["me-v2"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--default", "speed=9"], "speed as a number from 0.25 to 4"),
        (["--default", "speed=fast"], "'fast'"),
        (["--default", "pitch=1"], "pitch"),
        (["--default", "top_k"], "top_k"),
        (["--lang", "tlh"], "tlh"),
        (["--text", " "], "text"),
        (["--name", "../me"], "../me"),
        (["--store", "nosuch://voices"], "nosuch"),
    ],
)
def test_what_will_not_do_is_one_line(recording: Path, store: Path, options: list[str], told: str) -> None:
    result = add(recording, store, *options)

    assert_one_line(result, "invalid_config" if "nosuch" in told else "invalid_voice")
    assert told in result.stderr
    assert not store.exists()


def test_bad_files_are_one_line(recording: Path, store: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_text("[bold]no sound[/bold]")

    assert_one_line(add(tmp_path / "bad.wav", store), "invalid_voice")
    assert_one_line(add(tmp_path / "nothing.wav", store), "setup_failed")
    assert_one_line(add(recording, store, "--extra", tmp_path / "bad.wav"), "invalid_voice")
    assert_one_line(run("show", "me", "--store", store), "unknown_voice")
    assert_one_line(run("remove", "me", "--store", store), "unknown_voice")


def test_damaged_voices_are_named_beside_the_list(recording: Path, store: Path) -> None:
    add(recording, store)
    add(recording, store, "--name", "bad")
    [manifest] = store.glob("artefacts/*.bad/voice.json")
    manifest.write_bytes(b"damaged")

    result = run("list", "--store", store)

    assert result.exit_code == 1
    assert "me-v2" in result.stdout
    assert str(manifest) in result.stderr


def test_showing_checks_the_recordings(recording: Path, store: Path) -> None:
    add(recording, store)
    [path] = store.glob("artefacts/*/recording-0")
    path.write_bytes(b"damaged")

    assert_one_line(run("show", "me-v2", "--store", store), "voice_damaged")


def test_the_command_line_starts_without_audio_libraries() -> None:
    script = (
        "import sys\nimport polyvox.commands.cloning\nassert not {'av', 'fsspec', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_both_places_agree_on_the_default_store() -> None:
    assert DEFAULT_STORE == voices.DEFAULT_STORE
