"""The command line with a real server: one that is there, and one that it starts itself."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
import yaml

from tests.support.decoding import decode, pcm_samples, wav_pcm
from tests.support.environment import free_port
from tests.support.listeners import LONG_TEXT
from tests.support.server import CONFIG, RunningServer, wait_until_ready
from tests.unit.cli.running import polyvox, start

# Two HAProxies on one machine would share their files and ports; so this also covers Serve's own proxy.
PLAIN = {"RAY_SERVE_THROUGHPUT_OPTIMIZED": "0", "RAY_SERVE_ENABLE_HA_PROXY": "0"}
TEXT = "The same words, over the wire and without it. Not a sample differs."


@pytest.mark.parametrize("options", [["--voice", "nova"], ["--voice=fr", "--speed=1.3", "--pitch=0.9"]])
def test_local_speech_is_the_servers(server: RunningServer, tmp_path: Path, options: list[str]) -> None:
    remote, local = tmp_path / "remote.wav", tmp_path / "local.wav"
    assert polyvox("say", TEXT, "-o", str(remote), "--url", server.url, *options).exit_code == 0
    assert polyvox("say", TEXT, "-o", str(local), "--local", *options).exit_code == 0
    assert remote.read_bytes() == local.read_bytes()
    assert len(wav_pcm(local.read_bytes())) > 48_000


@pytest.mark.parametrize("extension", ["mp3", "flac", "ogg", "aac"])
def test_every_format_decodes(server: RunningServer, tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"out.{extension}"
    assert polyvox("say", TEXT, "-o", str(path), "--url", server.url).exit_code == 0
    samples, rate_hz = decode(path.read_bytes())
    assert 2 < len(samples) / rate_hz < 10
    assert abs(samples).max() > 0.05


def test_the_servers_errors_are_told(server: RunningServer, tmp_path: Path) -> None:
    path = tmp_path / "out.mp3"
    result = polyvox("say", TEXT, "-o", str(path), "--voice", "nobody", "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr.startswith("unknown_voice: ")
    assert not path.exists()


def test_voices_are_the_same_with_and_without_a_server(server: RunningServer) -> None:
    remote = json.loads(polyvox("voices", "--json", "--url", server.url).stdout)
    local = json.loads(polyvox("voices", "--json", "--local").stdout)
    # The server under test is configured to know one name more.
    assert [voice for voice in remote if voice["id"] != "demo.wav"] == local
    assert len(remote) > 100


def test_live_text_is_spoken_while_it_is_written(server: RunningServer) -> None:
    with start("say", "--live", "-o", "-", "--format", "pcm", "--url", server.url) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"This sentence is complete. And this one ")
        process.stdin.flush()
        first = process.stdout.read(24_000)  # half a second, and nobody has written the rest yet
        process.stdin.write(b"comes later.")
        process.stdin.close()
        rest = process.stdout.read()
        assert process.wait(20) == 0
    assert np.abs(pcm_samples(first)).max() > 0.05
    assert 2 < len(first + rest) / 48_000 < 6


def test_an_interrupted_live_text_frees_its_slot(idle_server: RunningServer) -> None:
    with start("say", LONG_TEXT, "--live", "-o", "-", "--format", "pcm", "--url", idle_server.url) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(48_000)
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()
        assert process.wait(20) != 0
    assert b"Traceback" not in told
    assert idle_server.wait_until_free(within_s=10).num_open == 0


def test_a_short_load_tells_its_figures(server: RunningServer) -> None:
    result = polyvox("bench", server.url, "--listeners", "2", "--requests", "2", "--json")
    assert result.exit_code == 0
    summary = json.loads(result.stdout)["summary"]
    assert summary["num_ok"] == 2
    assert summary["audio_s_per_s"] > 0
    assert summary["ttfa_s"]["count"] == 2


def test_one_of_the_servers_voices_is_shown_and_heard(server: RunningServer, tmp_path: Path) -> None:
    shown = polyvox("voices", "show", "en-gb", "--json", "--url", server.url)
    assert json.loads(shown.stdout)["id"] == "en-gb"
    path = tmp_path / "a.wav"
    assert polyvox("voices", "preview", "en-gb", "-o", str(path), "--url", server.url).exit_code == 0
    assert len(decode(path.read_bytes())[0]) > 24_000
    refused = polyvox("voices", "remove", "en-gb", "--url", server.url)
    assert refused.exit_code == 1


@pytest.fixture
def own_config(tmp_path: Path) -> Path:
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config["http_options"]["port"] = free_port()
    config["applications"][0]["args"]["engines"][0]["replica"]["graceful_shutdown_timeout_s"] = 1.0
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@pytest.fixture
def served(own_config: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server in a cluster of its own, started by the command line."""
    port = yaml.safe_load(own_config.read_text(encoding="utf-8"))["http_options"]["port"]
    # Ray's sockets need a short path. A folder of its own keeps this cluster apart from the session's.
    with tempfile.TemporaryDirectory(prefix="pv", dir="/tmp", ignore_cleanup_errors=True) as folder:
        process = start("serve", str(own_config), env={**PLAIN, "RAY_TMPDIR": folder, "RAY_ADDRESS": "local"})
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            _end(process)


def test_serve_serves_until_it_is_interrupted(served: tuple[str, subprocess.Popen[bytes]]) -> None:
    url, process = served
    wait_until_ready(url, within_s=120)
    answer = httpx.post(f"{url}/v1/audio/speech", json={"input": TEXT, "voice": "alloy"}, timeout=60)
    assert answer.status_code == 200
    assert len(decode(answer.content)[0]) > 48_000
    started = psutil.Process(process.pid).children(recursive=True)
    # None is ahead of another that speaks while it starts.
    assert {one.nice() for one in _replicas(started)} == {psutil.Process().nice()}
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=150)  # it stops in 15 s where nothing else runs
    _, alive = psutil.wait_procs(started, timeout=30)
    assert not alive


def _replicas(processes: list[psutil.Process]) -> list[psutil.Process]:
    found = [one for one in processes if "ServeReplica" in " ".join(one.cmdline())]
    assert len(found) >= 2, processes
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
