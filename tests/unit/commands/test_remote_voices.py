"""`polyvox voices add`, `show`, `preview` and `remove` on a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.fake_server import Answer, answering, error_answer, json_answer
from tests.unit.cli.running import polyvox

TOLD = {
    "object": "audio.voice",
    "id": "me",
    "name": "me",
    "content_id": "v-0123456789abcdef",
    "recording": {"duration_s": 4.0, "rate_hz": 16000},
    "models": ["gpt-sovits"],
    "consent_recorded_at": None,
    "warnings": ["the recording is quiet"],
}
CONSENT = "I am the speaker and agree to it."


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "me.wav"
    path.write_bytes(b"RIFF of a recording")
    return path


def add(recording: Path, url: str, *more: str) -> tuple[str, ...]:
    return ("voices", "add", str(recording), "--text", "Hello.", "--lang", "en", "--url", url, *more)


def test_a_recording_is_uploaded_with_its_consent(recording: Path) -> None:
    with answering(json_answer(200, TOLD)) as server:
        added = polyvox(*add(recording, server.url, "--consent", CONSENT, "--api-key", "secret"))
        as_json = polyvox(*add(recording, server.url, "--consent", CONSENT, "--name", "other", "--json"))
    assert (added.exit_code, added.stdout) == (0, "me v-0123456789abcdef\n")
    assert added.stderr == "the recording is quiet\n"
    assert json.loads(as_json.stdout) == TOLD
    first, second = server.seen
    assert first.path == "/v1/audio/voices"
    assert first.headers["authorization"] == "Bearer secret"
    for part in (b"RIFF of a recording", CONSENT.encode(), b"Hello.", b'name="name"\r\n\r\nme\r\n'):
        assert part in first.body
    assert b'name="name"\r\n\r\nother\r\n' in second.body


def test_a_server_wants_consent_and_one_recording(recording: Path) -> None:
    nobody = "http://127.0.0.1:9"
    assert "--consent" in polyvox(*add(recording, nobody), env={"COLUMNS": "200"}).stderr
    assert polyvox(*add(recording, nobody, "--consent", CONSENT, "--default", "speed=2")).exit_code == 2
    assert polyvox(*add(recording, nobody, "--consent", CONSENT, "--extra", str(recording))).exit_code == 2


def test_a_voice_is_shown_and_removed() -> None:
    with answering(json_answer(200, TOLD)) as server:
        shown = polyvox("voices", "show", "me", "--url", server.url)
        as_json = polyvox("voices", "show", "me", "--url", server.url, "--json")
        removed = polyvox("voices", "remove", "me", "--url", server.url)
        assert [seen.path for seen in server.seen] == ["/v1/audio/voices/me"] * 3
    assert "recording            duration_s 4.0, rate_hz 16000\n" in shown.stdout
    assert "consent_recorded_at" not in shown.stdout
    assert json.loads(as_json.stdout) == TOLD
    assert removed.stdout == "removed me\n"


def test_a_preview_becomes_a_file(recording: Path) -> None:
    with answering(Answer(media_type="audio/flac")) as server:
        result = polyvox("voices", "preview", "me", "-o", "me.flac", "--url", server.url)
    assert result.exit_code == 0
    assert server.seen[0].path == "/v1/audio/voices/me/preview?response_format=flac"
    assert Path("me.flac").read_bytes() == b"first piece, second piece"


@pytest.mark.parametrize("command", [["show", "me"], ["remove", "me"], ["preview", "me", "-o", "me.mp3"]])
def test_the_servers_error_is_one_line(recording: Path, command: list[str]) -> None:
    with answering(error_answer(404, "unknown_voice", "no voice 'me'")) as server:
        result = polyvox("voices", *command, "--url", server.url)
    assert (result.exit_code, result.stderr) == (1, "unknown_voice: no voice 'me'\n")
    assert not Path("me.mp3").exists()


def test_a_store_keeps_a_consent_that_is_stated(tmp_path: Path) -> None:
    from tests.unit.voices.samples import TEXT, upload
    from tts_core.voices import VoiceStore

    path, store = tmp_path / "me.wav", tmp_path / "voices"
    path.write_bytes(upload(16_000).data)
    arguments = ("voices", "add", str(path), "--text", TEXT, "--lang", "en", "--store", str(store))
    assert polyvox(*arguments, "--consent", f" {CONSENT} ", "--json").exit_code == 0
    consent = VoiceStore(store).get("me").consent
    assert consent is not None
    assert (consent.text, consent.added_by) == (CONSENT, "")
    assert polyvox(*arguments, "--consent", "...").stderr.startswith("invalid_voice: ")
