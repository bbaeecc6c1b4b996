"""What the documentation shows first does what it says, against a real server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.decoding import decode
from tests.support.server import RunningServer
from tests.unit.docs.pages import DOCS, README, Sample, blocks
from tests.unit.docs.requests import SERVER

_VOICES = ('"voice": "en-us"', '"voice": "alloy"')
_SPEAKING = [
    block for block in blocks("sh") if SERVER in block.text and any(v in block.text for v in _VOICES)
]


def _python(page: Path, word: str) -> str:
    """Return the page's only block of Python with a word in it."""
    (block,) = (block for block in blocks("python") if block.page == page and word in block.text)
    return block.text


def _run(source: str, url: str) -> dict[str, Any]:
    own = source.replace(SERVER, url).replace(SERVER.replace("http", "ws"), url.replace("http", "ws"))
    names: dict[str, Any] = {"__name__": "sample"}
    exec(compile(own, "sample", "exec"), names)
    return names


@pytest.mark.parametrize("block", _SPEAKING, ids=str)
def test_curl(server: RunningServer, tmp_path: Path, block: Sample) -> None:
    script = f"set -e\n{block.text.replace(SERVER, server.url).replace('curl ', 'curl --fail --show-error ')}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=60, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
    files = [*tmp_path.iterdir()]
    assert files or b"speech.audio.done" in done.stdout or b"-->" in done.stdout
    for file in files:
        if file.suffix != ".pcm":
            samples, rate_hz = decode(file.read_bytes())
            assert len(samples) / rate_hz > 0.3


def test_openais_package(server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _run(_python(README, "from openai import"), server.url)["client"].close()
    samples, rate_hz = decode((tmp_path / "hello.mp3").read_bytes())
    assert len(samples) / rate_hz > 0.5


def test_live_text(server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _run(_python(DOCS / "websocket.md", "websockets"), server.url)
    assert len((tmp_path / "speech.pcm").read_bytes()) > 48_000


def test_a_speech_that_broke_off_is_resumed(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {
        "input": "One. Two. Three. Four. Five. Six.",
        "voice": "en-us",
        "response_format": "pcm",
        "seed": 5,
    }
    listen = _run(_python(DOCS / "resuming.md", "X-Resume"), server.url)["listen"]
    whole = listen(body)
    breaks = iter([True, True])
    receive = httpx.Response.iter_raw

    def breaking(self: httpx.Response) -> Any:
        for part in receive(self, chunk_size=20_001):
            yield part
            if next(breaks, False):
                raise httpx.RemoteProtocolError("the connection is gone")

    monkeypatch.setattr(httpx.Response, "iter_raw", breaking)
    assert listen(body) == whole
    assert next(breaks, None) is None
