"""`polyvox say` against a server: what is asked, what is written, and what is said when it goes wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.fake_server import Answer, answering, error_answer, json_answer
from tests.unit.cli.running import polyvox, start
from tts_core.audio.wav import wav_header

AUDIO = b"first piece, second piece"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in ("POLYVOX_URL", "POLYVOX_API_KEY", "POLYVOX_VOICE"):
        monkeypatch.delenv(name, raising=False)
    yield
    assert not list(tmp_path.glob(".*")), "a temporary file was left"


def test_the_answer_becomes_the_file() -> None:
    with answering(Answer()) as server:
        result = polyvox("say", "Hello.", "-o", "out.mp3", "--url", server.url)
    assert result.exit_code == 0
    assert Path("out.mp3").read_bytes() == AUDIO
    assert result.stdout == ""
    assert "first audio after" in result.stderr
    assert server.seen[0].path == "/v1/audio/speech"
    assert server.seen[0].body == {
        "input": "Hello.",
        "voice": "alloy",
        "response_format": "mp3",
        "speed": 1.0,
    }
    assert "authorization" not in server.seen[0].headers


def test_options_reach_the_server() -> None:
    options = ["--voice=de", "--language=de", "--model=tts-1", "--speed=1.5", "--pitch=0.8", "--seed=7"]
    env = {"POLYVOX_API_KEY": "secret"}
    with answering(Answer()) as server:
        env["POLYVOX_URL"] = f"{server.url}/v1/"
        assert polyvox("say", "Hallo.", "-o", "out.bin", "--format=flac", *options, env=env).exit_code == 0
    assert server.seen[0].headers["authorization"] == "Bearer secret"
    assert server.seen[0].path == "/v1/audio/speech"
    assert server.seen[0].body == {
        "input": "Hallo.",
        "voice": "de",
        "language": "de",
        "model": "tts-1",
        "response_format": "flac",
        "speed": 1.5,
        "pitch": 0.8,
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("name", "expected"), [("a.WAV", "wav"), ("a.ogg", "opus"), ("a.opus", "opus"), ("a.b.aac", "aac")]
)
def test_the_extension_names_the_format(name: str, expected: str) -> None:
    with answering(Answer()) as server:
        assert polyvox("say", "Hello.", "-o", name, "--url", server.url).exit_code == 0
    assert server.seen[0].body["response_format"] == expected


@pytest.mark.parametrize("name", ["out.mp4", "out"])
def test_a_file_without_a_known_format_is_refused_before_anything_is_sent(name: str) -> None:
    result = polyvox("say", "Hello.", "-o", name, "--url", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert result.stderr.startswith("unsupported_format: ")


def test_text_comes_from_a_file_or_a_pipe() -> None:
    Path("text.txt").write_text("Grüße.\n", encoding="utf-8")
    with answering(Answer()) as server:
        polyvox("say", "--file", "text.txt", "-o", "a.mp3", "--url", server.url)
        polyvox("say", "-o", "a.mp3", "--url", server.url, stdin="Aus der Röhre.")
        polyvox("say", "-", "-o", "a.mp3", "--url", server.url, stdin="Noch einmal.")
    assert [seen.body["input"] for seen in server.seen] == ["Grüße.\n", "Aus der Röhre.", "Noch einmal."]


def test_texts_that_cant_be_read_are_usage_errors() -> None:
    Path("latin.txt").write_bytes("Grüße".encode("latin-1"))
    assert polyvox("say", "a", "--file", "b", "-o", "a.mp3").exit_code == 2
    assert polyvox("say", "--file", "missing.txt", "-o", "a.mp3").exit_code == 2
    assert polyvox("say", "--file", "latin.txt", "-o", "a.mp3").exit_code == 2


def test_the_servers_error_is_told_in_one_line() -> None:
    with answering(error_answer(404, "unknown_voice", "no voice [b]'x'[/b];\nsee the list")) as server:
        result = polyvox("say", "Hello.", "-o", "out.mp3", "--voice", "x", "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr == "unknown_voice: no voice [b]'x'[/b]; see the list\n"
    assert not Path("out.mp3").exists()


def test_a_full_server_says_when_to_come_back() -> None:
    with answering(error_answer(429, "overloaded", "every slot is taken", **{"Retry-After": "3"})) as server:
        result = polyvox("say", "Hello.", "-o", "out.mp3", "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr == "overloaded: every slot is taken (try again in 3 s)\n"


def test_a_code_of_another_servers_is_told_too() -> None:
    with answering(error_answer(401, "bad_key", "wrong key")) as server:
        result = polyvox("say", "Hello.", "-o", "out.mp3", "--url", server.url)
    assert result.stderr == "server_refused: HTTP 401, bad_key: wrong key\n"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(502, "text/html", [b"<h1>Bad\nGateway</h1>"]), "answered HTTP 502: <h1>Bad Gateway</h1>"),
        (json_answer(500, ["odd"]), 'answered HTTP 500: ["odd"]'),
        (Answer(200, "text/html"), "answered with text/html instead of audio"),
    ],
)
def test_what_isnt_polyvox_is_told_apart(answer: Answer, message: str) -> None:
    with answering(answer) as server:
        result = polyvox("say", "Hello.", "-o", "out.mp3", "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr.startswith("server_refused: ")
    assert message in result.stderr
    assert not Path("out.mp3").exists()


@pytest.mark.parametrize("answer", [Answer(is_cut=True), Answer(pieces=[])])
def test_audio_that_ends_too_early_leaves_the_old_file_alone(answer: Answer) -> None:
    Path("out.mp3").write_bytes(b"from before")
    with answering(answer) as server:
        result = polyvox("say", "Hello.", "-o", "out.mp3", "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr.startswith("stream_interrupted: ")
    assert len(result.stderr.splitlines()) == 1
    assert Path("out.mp3").read_bytes() == b"from before"


def test_without_a_server_it_says_what_to_do() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = polyvox(
            "say", "Hello.", "-o", "out.mp3", "--url", f"http://127.0.0.1:{unused.getsockname()[1]}"
        )
    assert result.exit_code == 1
    assert result.stderr.startswith("server_unreachable: ")
    assert len(result.stderr.splitlines()) == 1
    assert "polyvox serve" in result.stderr
    assert "--local" in result.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "", "http://127.0.0.1:port"])
def test_an_address_that_is_none(url: str) -> None:
    result = polyvox("say", "Hello.", "-o", "out.mp3", "--url", url)
    assert result.exit_code == 1
    assert result.stderr.startswith("invalid_parameter: ")


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with answering(Answer()) as server:
        assert polyvox("say", "Hello.", "-o", "out.mp3", "--url", server.url).exit_code == 0


def test_a_streamed_wav_is_given_its_length() -> None:
    pcm = bytes(range(100))
    answer = Answer(media_type="audio/wav", pieces=[wav_header(24_000, None) + pcm[:10], pcm[10:]])
    with answering(answer) as server:
        polyvox("say", "Hello.", "-o", "out.wav", "--url", server.url)
    assert Path("out.wav").read_bytes() == wav_header(24_000, 50) + pcm


@pytest.mark.parametrize("target", ["missing/out.mp3", "folder.mp3"])
def test_a_place_that_cant_be_written_to(target: str) -> None:
    Path("folder.mp3").mkdir()
    with answering(Answer()) as server:
        result = polyvox("say", "Hello.", "-o", target, "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"output_failed: {target} ")
    assert not server.seen


def test_links_are_followed_and_pipes_are_never_replaced() -> None:
    Path("real.mp3").write_bytes(b"old")
    Path("link.mp3").symlink_to("real.mp3")
    os.mkfifo("pipe.mp3")
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(Path("pipe.mp3").read_bytes()))
    reader.start()
    with answering(Answer()) as server:
        assert polyvox("say", "Hello.", "-o", "link.mp3", "--url", server.url).exit_code == 0
        assert polyvox("say", "Hello.", "-o", "pipe.mp3", "--url", server.url).exit_code == 0
    reader.join(10)
    assert Path("link.mp3").is_symlink()
    assert Path("real.mp3").read_bytes() == AUDIO
    assert Path("pipe.mp3").is_fifo()
    assert heard == [AUDIO]


def test_stdout_gets_audio_and_nothing_else() -> None:
    with answering(Answer()) as server, start("say", "Hello.", "-o", "-", "--url", server.url) as process:
        audio, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert audio == AUDIO
    assert b"first audio after" in said
    assert server.seen[0].body["response_format"] == "wav"


def test_a_reader_who_leaves_ends_it_quietly() -> None:
    answer = Answer(pieces=[bytes(1 << 16)] * 64)
    with answering(answer) as server, start("say", "Hello.", "-qo", "-", "--url", server.url) as process:
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(30) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_ctrl_c_ends_it_with_130_and_no_file() -> None:
    with answering(Answer(stalls=True)) as server:
        process = start("say", "Hello.", "-o", "out.mp3", "--url", server.url, cwd=Path.cwd())
        assert server.sent.wait(30)
        _wait_for_part()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert os.listdir() == []


def _wait_for_part() -> None:
    """Return when the file's first piece is on disk: before, the interrupt could come during imports."""
    for _ in range(1000):
        if any(part.stat().st_size for part in Path().glob(".out.mp3.*")):
            return
        threading.Event().wait(0.01)
    raise subprocess.TimeoutExpired("say", 10)
