"""`polyvox serve` up to the moment at which it becomes `serve run`."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from polyvox.commands import serve
from tests.unit.cli.running import ROOT, polyvox

CONFIG = str(ROOT / "serve_config.yaml")


class Became(Exception):
    """What the process would have become."""

    def __init__(self, program: str, command: list[str], env: dict[str, str]) -> None:
        super().__init__(program)
        self.program = program
        self.command = command
        self.env = env


@pytest.fixture(autouse=True)
def stay(monkeypatch: pytest.MonkeyPatch) -> None:
    def execve(program: str, command: list[str], env: dict[str, str]) -> None:
        raise Became(program, command, env)

    monkeypatch.setattr(os, "execve", execve)
    for name in ("RAY_USAGE_STATS_ENABLED", *serve.PRODUCTION):
        monkeypatch.delenv(name, raising=False)


def becoming(*arguments: str) -> Became:
    with pytest.raises(Became) as caught:
        polyvox("serve", *arguments)
    return caught.value


def test_it_becomes_serve_run_in_this_interpreter() -> None:
    became = becoming(CONFIG)
    assert became.program == sys.executable
    assert became.command == [sys.executable, "-m", "ray.serve.scripts", "run", CONFIG]
    assert became.env["RAY_USAGE_STATS_ENABLED"] == "0"
    assert became.env["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert not set(serve.PRODUCTION) & set(became.env)


def test_what_the_person_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    assert becoming(CONFIG).env["RAY_USAGE_STATS_ENABLED"] == "1"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="HAProxy comes for Linux only")
def test_production_tells_of_the_ports_it_opens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: object())
    monkeypatch.setenv("RAY_SERVE_HAPROXY_STATS_PORT", "18404")
    monkeypatch.delenv("RAY_SERVE_HAPROXY_METRICS_PORT", raising=False)
    with pytest.raises(Became):
        serve.serve(Path(CONFIG), production=True)
    assert "18404 (statistics) and 9101 (metrics) on every address" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="HAProxy comes for Linux only")
def test_production_switches_both_flags_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: object())
    env = becoming(CONFIG, "--production").env
    assert {name: env[name] for name in serve.PRODUCTION} == {
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
    }


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="HAProxy comes for Linux only")
def test_production_keeps_ingresses_apart_from_another_cluster_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: object())
    first, last = "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT", "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT"
    for name in (first, last):
        monkeypatch.delenv(name, raising=False)
    free = int(becoming(CONFIG, "--production").env[first])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("0.0.0.0", free))
        other.listen()
        env = becoming(CONFIG, "--production").env
    assert int(env[first]) > free
    assert int(env[last]) > int(env[first])
    monkeypatch.setenv(first, "25000")
    assert becoming(CONFIG, "--production").env[first] == "25000"


def test_production_without_haproxy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    result = polyvox("serve", CONFIG, "--production")
    assert result.exit_code == 1
    assert "missing_dependency: --production needs HAProxy" in result.stderr


def test_a_mistake_is_found_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("applications: []\nhttp_optoins: {}\n", encoding="utf-8")
    result = polyvox("serve", str(path))
    assert result.exit_code == 1
    expected = f"invalid_config: {path}:2: http_optoins is not a known key; did you mean http_options?\n"
    assert result.stderr == expected


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray.serve.schema", None)
    result = polyvox("serve", CONFIG)
    assert result.exit_code == 1
    assert result.stderr.startswith("missing_dependency: Ray Serve can't be loaded")
    assert "pip install 'ray[serve]'" in result.stderr


def test_check_starts_nothing() -> None:
    result = polyvox("serve", CONFIG, "--check")
    assert result.exit_code == 0
    assert result.stderr == f"{CONFIG} is valid: polyvox\n"
