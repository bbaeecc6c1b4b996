"""Saying that a server is ready: when it is, and not before."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from polyvox import announce as module
from polyvox.announce import announce
from tests.support.environment import free_port


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.01)


class Starting(BaseHTTPRequestHandler):
    num_asked = 0

    def do_GET(self) -> None:
        type(self).num_asked += 1
        self.send_response(200 if self.num_asked > 2 else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_it_waits_until_the_server_would_speak(capsys: pytest.CaptureFixture[str]) -> None:
    with HTTPServer(("127.0.0.1", 0), Starting) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert announce(url, patience_s=30)
        server.shutdown()
    assert Starting.num_asked == 3
    assert f"ready: {url}" in capsys.readouterr().out


def test_it_gives_up_in_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert not announce(f"http://127.0.0.1:{free_port()}", patience_s=0.1)
    assert "not become ready" in capsys.readouterr().err
