"""`polyvox say` aloud, with a stand-in for the library that plays."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from polyvox.destination import open_destination
from tests.support.decoding import decode
from tests.unit.cli.fake_server import Answer, answering, error_answer
from tests.unit.cli.running import polyvox
from tts_core.audio.formats import AudioFormat

SPEECH = bytes(range(256)) * 100  # a little more than half a second
PIECES = [SPEECH[:7], SPEECH[7:5000], SPEECH[5000:]]  # no border between samples


class PortAudioError(Exception):
    """The library's own."""


class Device:
    """Keeps what is played, and what else happens to it."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.pcm = b""
        self.events: list[str] = []
        self.latency = 0.1
        self.is_gone = False

    def write(self, data: bytes) -> None:
        if self.is_gone:
            raise PortAudioError("Device unavailable")
        assert len(data) % 2 == 0
        self.pcm += data

    def __getattr__(self, name: str) -> Any:
        return lambda: self.events.append(name)


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    one = Device()

    def opened(**options: Any) -> Device:
        one.options = options
        return one

    library = SimpleNamespace(RawOutputStream=opened, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    monkeypatch.chdir(tmp_path)
    yield one
    assert one.events[-1] == "close"


def test_without_a_file_it_is_played_to_the_end(device: Device) -> None:
    with answering(Answer(media_type="audio/pcm", pieces=PIECES)) as server:
        result = polyvox("say", "Hello.", "--low-latency", "--url", server.url)
    assert result.exit_code == 0
    assert server.seen[0].body["response_format"] == "pcm"
    assert server.seen[0].body["low_latency"] is True
    assert device.options == {"samplerate": 24_000, "channels": 1, "dtype": "int16"}
    assert device.pcm == SPEECH
    assert device.events[:2] == ["start", "stop"]  # stop waits for what is left to be played


def test_it_is_played_and_written_in_the_files_format(device: Device) -> None:
    with answering(Answer(media_type="audio/pcm", pieces=PIECES)) as server:
        assert polyvox("say", "Hello.", "--play", "-o", "a.flac", "--url", server.url).exit_code == 0
    assert server.seen[0].body["response_format"] == "pcm"
    assert device.pcm == SPEECH
    samples, rate_hz = decode(Path("a.flac").read_bytes())
    assert (len(samples), rate_hz) == (len(SPEECH) // 2, 24_000)


def test_an_error_ends_the_sound_at_once(device: Device) -> None:
    with answering(error_answer(404, "unknown_voice", "no such voice")) as server:
        result = polyvox("say", "Hello.", "--url", server.url)
    assert result.stderr.startswith("unknown_voice: ")
    assert device.events == ["start", "abort", "close"]


def test_a_device_that_goes_away_is_told(device: Device) -> None:
    device.is_gone = True
    with answering(Answer(media_type="audio/pcm", pieces=PIECES)) as server:
        result = polyvox("say", "Hello.", "--play", "-o", "a.wav", "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr.startswith("output_failed: no sound device can be used (Device unavailable)")
    assert not Path("a.wav").exists()


def test_silence_comes_in_the_middle_of_a_chunk(device: Device) -> None:
    with open_destination(None, AudioFormat.PCM, plays=True) as destination:
        destination.write(SPEECH)
        assert destination.played_ms() == round(len(SPEECH) / 48 - 100)
        destination.silence()
        destination.write(SPEECH)
    assert device.pcm == SPEECH


@pytest.mark.parametrize(
    ("library", "code", "told"),
    [
        (None, "missing_dependency", "pip install 'polyvox[playback]'"),
        ("no PortAudio", "missing_dependency", "libportaudio2"),
        ("no device", "output_failed", "-o speech.wav"),
    ],
)
def test_where_nothing_can_play_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, library: str | None, code: str, told: str
) -> None:
    def without_device(**options: Any) -> Any:
        raise PortAudioError("Error querying device -1")

    class Finder:
        """Fails as sounddevice does where its own library is missing."""

        def find_spec(self, name: str, *rest: Any) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    found = SimpleNamespace(RawOutputStream=without_device, PortAudioError=PortAudioError)
    if library == "no PortAudio":
        monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
        monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    else:
        monkeypatch.setitem(sys.modules, "sounddevice", None if library is None else found)
    with answering(Answer()) as server:
        result = polyvox("say", "Hello.", "--url", server.url)
        assert server.seen == []
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{code}: ")
    assert told in result.stderr


def test_a_format_without_a_file_is_a_usage_error() -> None:
    assert polyvox("say", "Hello.", "--format", "mp3").exit_code == 2
