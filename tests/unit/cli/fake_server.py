"""A server of few words: every answer is scripted, down to where the connection breaks."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """What the server says to every request.

    Attributes:
        pieces: sent one by one, each as an HTTP chunk.
        is_cut: whether the connection breaks where the last chunk's mark should come.
        stalls: whether nothing more comes after the pieces, not even an end, until the server is closed.
    """

    status: int = 200
    media_type: str = "audio/mpeg"
    pieces: list[bytes] = field(default_factory=lambda: [b"first piece, ", b"second piece"])
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    stalls: bool = False


def json_answer(status: int, content: Any, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, "application/json", [json.dumps(content).encode()], headers or {})


def error_answer(status: int, code: str | None, message: str, **headers: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return json_answer(status, {"error": error}, headers)


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: Any


class FakeServer:
    def __init__(self, answer: Answer) -> None:
        self.seen: list[Seen] = []
        self.sent = threading.Event()
        self.closing = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, answer))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def answering(answer: Answer) -> Iterator[FakeServer]:
    server = FakeServer(answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _handler(server: FakeServer, answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):  # a client may leave whenever it likes
                super().handle()

        def do_GET(self) -> None:
            self._answer(None)

        def do_DELETE(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            is_json = self.headers["Content-Type"] == "application/json"
            self._answer(json.loads(content) if is_json else content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def _answer(self, body: Any) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.seen.append(Seen(self.path, headers, body))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in answer.pieces:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            server.sent.set()
            if answer.stalls:
                server.closing.wait(30)
            if answer.is_cut or answer.stalls:
                self.close_connection = True
            else:
                self.wfile.write(b"0\r\n\r\n")

    return Handler
