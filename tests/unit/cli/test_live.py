"""`polyvox say --live`: text goes while it comes, sound comes while it goes."""

from __future__ import annotations

import http
import json
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from tests.unit.cli.fake_live_server import SECOND, live_server
from tests.unit.cli.running import polyvox, start

LIVE = ("say", "--live", "-o")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_piece_is_heard_before_the_next_is_written() -> None:
    with live_server() as server, start(*LIVE, "-", "--format", "pcm", "--url", server.url) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("Grüße. ".encode()[:3])  # half a letter: the rest comes with the next piece
        process.stdin.flush()
        assert process.stdout.read(len(SECOND)) == SECOND
        process.stdin.write("Grüße. ".encode()[3:])
        process.stdin.flush()
        assert process.stdout.read(len(SECOND)) == SECOND
        process.stdin.close()
        assert process.wait(20) == 0
    kinds = [message["type"] for message in server.seen]
    assert kinds == ["start", "text", "text", "end"]
    assert "".join(message.get("text", "") for message in server.seen) == "Grüße. "


def test_options_and_the_key_go_along() -> None:
    options = ["--voice=de", "--speed=1.5", "--seed=7", "--language=de", "--low-latency", "--api-key=secret"]
    with live_server() as server:
        result = polyvox(*LIVE, "a.pcm", *options, "--url", f"{server.url}/v1", stdin="Hallo.")
    assert result.exit_code == 0
    assert Path("a.pcm").read_bytes() == SECOND
    assert server.seen[0] == {
        "type": "start",
        "voice": "de",
        "response_format": "pcm",
        "speed": 1.5,
        "seed": 7,
        "language": "de",
        "low_latency": True,
    }
    assert server.requests[0].path == "/v1/audio/speech/ws?audio=binary"
    assert server.requests[0].headers["authorization"] == "Bearer secret"
    assert "a.pcm: 48.0 kB, 1.00 s of audio" in result.stderr


def test_a_text_that_is_there_can_be_live_too() -> None:
    with live_server() as server:
        assert polyvox("say", "Hello.", "--live", "-o", "a.pcm", "--url", server.url).exit_code == 0
    assert server.seen[1] == {"type": "text", "text": "Hello."}


def test_an_interruption_is_told_and_leaves_no_file() -> None:
    with live_server() as server, start(*LIVE, "a.pcm", "--url", server.url) as process:
        assert process.stdin is not None
        process.stdin.write(b"Hello there. ")
        process.stdin.flush()
        assert server.heard.wait(30)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()  # its stdin stays open: it doesn't wait for more
        process.wait(20)
        assert server.ended.wait(10)
    assert process.returncode != 0
    assert b"interrupted; heard: What was heard." in told
    assert b"Traceback" not in told
    assert b"Fatal" not in told
    assert server.seen[-1] == {"type": "interrupt"}
    assert list(Path().iterdir()) == []


def failing(socket: ServerConnection, message: dict[str, Any]) -> None:
    if message["type"] == "text":
        error = {"message": "every slot is taken", "type": "rate_limit", "param": None, "code": "overloaded"}
        socket.send(json.dumps({"type": "failed", "error": error, "retry_after_s": 3}))


def leaving(socket: ServerConnection, message: dict[str, Any]) -> None:
    if message["type"] == "text":
        socket.close()


@pytest.mark.parametrize(
    ("react", "told"),
    [
        (failing, "overloaded: every slot is taken (try again in 3 s)\n"),
        (leaving, "stream_interrupted: the server closed the connection before all was spoken\n"),
    ],
)
def test_what_goes_wrong_on_the_way_is_one_line(react: Any, told: str) -> None:
    with live_server(react) as server:
        result = polyvox(*LIVE, "a.pcm", "--url", server.url, stdin="Hello.")
    assert (result.exit_code, result.stderr) == (1, told)
    assert list(Path().iterdir()) == []


def test_a_refused_handshake_tells_the_servers_error() -> None:
    def refuse(socket: ServerConnection, request: Request) -> Response:
        error = {"message": "a key is needed", "code": "invalid_api_key"}
        return socket.respond(http.HTTPStatus.UNAUTHORIZED, json.dumps({"error": error}))

    with live_server(refuse=refuse) as server:
        result = polyvox(*LIVE, "a.pcm", "--url", server.url, stdin="Hello.")
    assert result.exit_code == 1
    assert "a key is needed" in result.stderr


def test_nobody_at_the_address_is_told() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        result = polyvox(*LIVE, "a.pcm", "--url", url, stdin="Hello.")
    assert result.exit_code == 1
    assert result.stderr.startswith("server_unreachable: ")


def test_text_that_is_none_ends_it() -> None:
    with live_server() as server, start(*LIVE, "a.pcm", "--url", server.url) as process:
        _, told = process.communicate(b"Gr\xfc\xdfe", timeout=30)
    assert process.returncode == 1
    assert b"isn't text in UTF-8" in told


def test_no_text_is_no_empty_file() -> None:
    with live_server() as server:
        result = polyvox(*LIVE, "a.pcm", "--url", server.url, stdin="")
    assert (result.exit_code, result.stderr) == (1, "empty_input: there was nothing to speak\n")
    assert list(Path().iterdir()) == []


def test_live_text_needs_a_server() -> None:
    assert polyvox(*LIVE, "a.pcm", "--local", stdin="Hello.").exit_code == 2


def test_a_file_of_another_format_is_the_servers() -> None:
    with live_server() as server:
        polyvox(*LIVE, "a.mp3", "--url", server.url, stdin="Hello.")
    assert server.seen[0]["response_format"] == "mp3"
