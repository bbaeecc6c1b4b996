"""Clients' own packages, unmodified, against the real server.

They have dependencies that this project's don't agree with, so `make clients` installs them apart.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.support.decoding import decode, pcm_samples

PROGRAMS = Path(__file__).parent / "packages"
INSTALLED = Path(__file__).parents[3] / ".clients"
PYTHON = INSTALLED / "venv/bin/python"
# Long enough that no client has all of it with the first bytes.
TEXT = " ".join(
    f"This is sentence number {number} of a longer story about the sea." for number in range(1, 13)
)
RATE_HZ = 24_000


def report_of(*command: str | Path) -> Any:
    """Run a client and return what it tells in its last line."""
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=90)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def python_client(package: str, program: str, *arguments: str | Path) -> Any:
    if not list(INSTALLED.glob(f"venv/lib/python3*/site-packages/{package}-*.dist-info")):
        pytest.skip(f"{package} isn't installed: make clients")
    return report_of(PYTHON, PROGRAMS / program, *arguments)


def node_client(*arguments: str | Path) -> Any:
    node = shutil.which("node")
    if node is None or not (INSTALLED / "node_modules/openai").is_dir():
        pytest.skip("Node's openai isn't installed: make clients, where there is npm")
    return report_of(node, PROGRAMS / "openai_says.mjs", INSTALLED, *arguments)


@pytest.fixture(scope="module")
def whole(server_url: str) -> bytes:
    """The same speech as raw PCM at OpenAI's rate, read at once."""
    body = {"input": TEXT, "voice": "ash", "model": "tts-1", "response_format": "pcm"}
    answer = httpx.post(f"{server_url}/v1/audio/speech", json=body, timeout=60)
    assert answer.status_code == 200
    return answer.content


def assert_streamed(arrivals: list[list[float]], num_bytes: int) -> None:
    """It came in pieces, one after the other, and the first one was a small part of it."""
    assert len({at_s for at_s, _ in arrivals}) > 3
    assert arrivals[0][1] < num_bytes / 2
    assert arrivals[-1][1] == num_bytes


def assert_same_speech(samples: np.ndarray[Any, Any], whole: bytes, within_s: float) -> None:
    """It is as long as the whole answer and as loud, give or take what a codec adds and takes away."""
    expected = pcm_samples(whole)
    assert abs(len(samples) - len(expected)) <= within_s * RATE_HZ
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(np.sqrt(np.mean(expected**2)), rel=0.1)


@pytest.mark.parametrize(
    ("model", "response_format"),
    [("gpt-4o-mini-tts", "mp3"), ("gpt-4o-mini-tts", "pcm"), ("tts-1", "wav")],
    ids=["events of mp3", "events of pcm", "raw wav"],
)
def test_livekit(server_url: str, whole: bytes, tmp_path: Path, model: str, response_format: str) -> None:
    path = tmp_path / "heard.pcm"
    report = python_client(
        "livekit_plugins_openai", "livekit_says.py", server_url, model, response_format, TEXT, path
    )
    heard = path.read_bytes()
    assert (report["rate_hz"], report["num_channels"]) == (RATE_HZ, 1)
    assert_streamed(report["arrivals"], len(heard))
    assert_same_speech(pcm_samples(heard), whole, within_s=0.1)


def test_pipecat_hears_every_sample(server_url: str, whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "heard.pcm"
    report = python_client("pipecat_ai", "pipecat_says.py", server_url, "ash", TEXT, path)
    assert report["errors"] == []
    assert (report["rate_hz"], report["num_channels"]) == (RATE_HZ, 1)
    assert_streamed(report["arrivals"], path.stat().st_size)
    assert path.read_bytes() == whole


def test_openai_for_node(server_url: str, whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "heard.mp3"
    body = {"input": TEXT, "voice": "ash", "model": "tts-1"}  # LobeChat's: no format, so mp3
    report = node_client(server_url, json.dumps(body), path)
    assert report["mediaType"].startswith("audio/mpeg")
    assert "formant" in report["models"]
    assert_streamed(report["arrivals"], path.stat().st_size)
    samples, rate_hz = decode(path.read_bytes())
    assert rate_hz == RATE_HZ
    assert_same_speech(samples, whole, within_s=0.1)


def test_openai_for_node_streams_pcm_to_the_byte(server_url: str, whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "heard.pcm"
    body = {"input": TEXT, "voice": "ash", "model": "tts-1", "response_format": "pcm"}
    report = node_client(server_url, json.dumps(body), path)
    assert_streamed(report["arrivals"], len(whole))
    assert path.read_bytes() == whole


def test_openai_for_node_throws_its_own_errors(server_url: str, tmp_path: Path) -> None:
    body = json.dumps({"input": TEXT, "voice": "nobody", "model": "tts-1"})
    report = node_client(server_url, body, tmp_path / "none")
    assert report == {"error": "NotFoundError", "status": 404, "code": "unknown_voice"}
