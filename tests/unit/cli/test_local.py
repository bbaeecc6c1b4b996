"""`--local`: the real engine, the real encoders, no server and no Ray."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from deployments.config_file import load_app_args
from deployments.http.app import create_app
from deployments.http.service import Service
from polyvox.local import LocalSource, speak
from polyvox.settings import find_config
from tests.support.decoding import decode, wav_pcm
from tests.unit.cli.running import ROOT, polyvox, start
from tts_core.errors import PolyvoxError

TEXT = "Two sentences. They are spoken in this process."
RUN_AND_PRINT_MODULES = """
import sys
from polyvox.cli import app
app(sys.argv[1:], standalone_mode=False)
print(*sys.modules)
"""


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """The server's routes over the same engines."""
    args = load_app_args(find_config(None))
    source = LocalSource(args)
    app = create_app(Service(args.ingress, source, transport_holds_back=True))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client
    await source.stop()


@pytest.mark.parametrize("audio_format", ["mp3", "wav", "flac", "opus", "aac"])
def test_every_format_decodes_and_is_heard(audio_format: str) -> None:
    result = polyvox("say", TEXT, "-o", f"out.{audio_format}", "--local")
    assert result.exit_code == 0
    assert "s of audio" in result.stderr
    samples, rate_hz = decode(Path(f"out.{audio_format}").read_bytes())
    assert rate_hz == 24_000
    assert 1.5 < len(samples) / rate_hz < 6
    assert abs(samples).max() > 0.05


@pytest.mark.parametrize("options", [{}, {"voice": "de", "speed": 1.7, "pitch": 1.2}, {"language": "fr"}])
async def test_the_samples_are_those_of_the_server(http: httpx.AsyncClient, options: dict[str, Any]) -> None:
    body = {"input": TEXT, "voice": "nova", "response_format": "wav", **options}
    answer = await http.post("/v1/audio/speech", json=body)
    assert answer.status_code == 200
    flags = [
        part for name, value in {"voice": "nova", **options}.items() for part in (f"--{name}", str(value))
    ]
    result = await asyncio.to_thread(polyvox, "say", TEXT, "-o", "out.wav", "--local", *flags)
    assert result.exit_code == 0
    written = await asyncio.to_thread(Path("out.wav").read_bytes)
    assert wav_pcm(written) == wav_pcm(answer.content)


@pytest.mark.parametrize(
    "body",
    [
        {"voice": "nobody"},
        {"input": " ... "},
        {"speed": 9.0},
        {"pitch": float("nan")},
        {"model": "tts-9"},
        {"seed": -2},
        {"response_format": "ogg"},
        {"input": "a" * 20_001},
        {"language": "xx"},
    ],
)
async def test_the_errors_are_those_of_the_server(http: httpx.AsyncClient, body: dict[str, Any]) -> None:
    body = {"input": TEXT, "voice": "en-us", **body}
    content = json.dumps(body).encode()
    answer = await http.post(
        "/v1/audio/speech", content=content, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    with pytest.raises(PolyvoxError) as caught:
        await speak(load_app_args(find_config(None)), body, lambda data, audio_s: None)
    error = answer.json()["error"]
    assert (caught.value.code, caught.value.param) == (error["code"], error["param"])


@pytest.mark.parametrize("voice", ["en-us", "nobody"])
def test_the_engine_is_stopped_whatever_happened(voice: str) -> None:
    before = psutil.Process().children(recursive=True)
    polyvox("say", TEXT, "-o", "out.mp3", "--local", "--voice", voice)
    assert psutil.Process().children(recursive=True) == before


def test_an_error_is_one_line_and_no_file() -> None:
    result = polyvox("say", TEXT, "-o", "out.mp3", "--local", "--voice", "nobody")
    assert result.exit_code == 1
    assert result.stderr.startswith("unknown_voice: ")
    assert len(result.stderr.splitlines()) == 1
    assert os.listdir() == []


def test_the_configuration_here_is_the_one_that_counts() -> None:
    config = yaml.safe_load((ROOT / "serve_config.yaml").read_text(encoding="utf-8"))
    config["applications"][0]["args"]["ingress"]["voice_aliases"] = {"boss": "de+m3"}
    Path("serve_config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    assert polyvox("say", TEXT, "-o", "boss.wav", "--local", "--voice", "boss").exit_code == 0
    assert polyvox("say", TEXT, "-o", "plain.wav", "--local", "--voice", "de+m3").exit_code == 0
    assert Path("boss.wav").read_bytes() == Path("plain.wav").read_bytes()
    assert polyvox("say", TEXT, "-o", "out.wav", "--local", "--voice", "alloy").exit_code == 1


def test_neither_ray_nor_torch_is_loaded() -> None:
    arguments = ["say", "Hello.", "-o", str(Path("out.wav").absolute()), "--local", "--quiet"]
    command = [sys.executable, "-c", RUN_AND_PRINT_MODULES, *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "tts_core.models.formant.engine" in loaded
    assert not loaded & {"ray", "torch"}


def test_ctrl_c_ends_it_with_130_and_no_process_left() -> None:
    with start("say", "And on it goes. " * 1000, "-o", "-", "--format", "wav", "--local") as process:
        assert process.stdout is not None
        process.stdout.read(1000)
        started = psutil.Process(process.pid).children(recursive=True)
        assert started
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert not psutil.wait_procs(started, timeout=10)[1]


def test_voices_as_a_table() -> None:
    result = polyvox("voices", "--local", "--language", "DE")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert any(line.split()[:1] == ["de"] for line in lines)
    assert not any(line.split()[:1] == ["fr"] for line in lines)


async def test_voices_as_json_are_those_of_the_server(http: httpx.AsyncClient) -> None:
    result = await asyncio.to_thread(polyvox, "voices", "--local", "--json")
    assert json.loads(result.stdout) == (await http.get("/v1/audio/voices")).json()["voices"]


def test_a_language_that_nobody_speaks() -> None:
    result = polyvox("voices", "--local", "--language", "xx", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == []
    assert "no voice speaks xx" in result.stderr
    assert " de " in result.stderr
