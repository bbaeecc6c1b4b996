"""`polyvox doctor`: the truth about this machine, whatever state it is in."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.config import AppArgs, GPTSoVITSArgs
from polyvox.checks import devices, serving, software, weights
from polyvox.checks.check import Level, guarded
from polyvox.checks.devices import Gpus
from polyvox.checks.serving import Plan
from tests.support.environment import free_port
from tests.unit.cli.fake_server import answering, json_answer
from tests.unit.cli.running import ROOT, polyvox
from tts_core.models.gpt_sovits.weights import weights_layout
from tts_core.models.gpt_sovits.weights.table import G2PW_FILES, G2PW_FOLDER

NAMES = [
    "Python", "Ray Serve", "HAProxy", "espeak-ng", "PyAV", "torch", "weights", "G2PW", "configuration",
    "models", "port", "CPU", "GPU", "would run",
]  # fmt: skip


@pytest.fixture
def taken_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """One whose owner takes connections, and says nothing."""
    monkeypatch.setattr(serving, "PING_TIMEOUT_S", 0.1)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def config_on(port: int, tmp_path: Path) -> Path:
    config = yaml.safe_load((ROOT / "serve_config.yaml").read_text(encoding="utf-8"))
    config["http_options"]["port"] = port
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def diagnosis(*arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    result = polyvox("doctor", "--json", *arguments)
    report = json.loads(result.stdout)
    assert report["ok"] == (result.exit_code == 0)
    return result.exit_code, {check["name"]: check for check in report["checks"]}


def plan_of(port: int = 0, **replica: Any) -> Plan:
    args = AppArgs.model_validate({"engines": [{"kind": "formant", "replica": replica}]})
    return Plan(Path("config.yaml"), ("127.0.0.1", port), args.engines)


def test_a_machine_that_can_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_gpus", Gpus)
    port = free_port()
    path = config_on(port, tmp_path)
    exit_code, checks = diagnosis(str(path))
    assert exit_code == 0
    assert list(checks) == NAMES
    assert metadata.version("ray") in checks["Ray Serve"]["detail"]
    assert "voices" in checks["espeak-ng"]["detail"]
    assert checks["port"] == {"name": "port", "level": "ok", "detail": f"{port} on 127.0.0.1 is free"}
    assert f"serve run {path}" in checks["would run"]["detail"]
    assert "0.5 CPU" in checks["would run"]["detail"]


def test_the_report_for_people_has_a_line_for_each(
    tmp_path: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "find_gpus", Gpus)
    result = polyvox("doctor", str(config_on(taken_port, tmp_path)))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == len(NAMES)
    assert any(line.startswith("✗ port") for line in lines)


def test_a_broken_configuration_is_red_and_the_rest_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "find_gpus", Gpus)
    path = tmp_path / "config.yaml"
    path.write_text("aplications: []", encoding="utf-8")
    exit_code, checks = diagnosis(str(path))
    assert exit_code == 1
    assert checks["configuration"]["level"] == checks["would run"]["level"] == "error"
    assert "did you mean applications?" in checks["configuration"]["detail"]
    assert checks["Python"]["level"] == "ok"


def test_a_check_that_breaks_is_a_finding() -> None:
    def broken() -> Any:
        raise RuntimeError("the driver is on fire")

    finding = guarded("GPU", broken)
    assert finding.level is Level.ERROR
    assert "RuntimeError: the driver is on fire" in finding.detail


def test_another_programs_port_is_red_and_a_free_one_is_named(taken_port: int) -> None:
    finding = serving.check_port(plan_of(taken_port))
    assert finding.level is Level.ERROR
    assert "is free: set http_options.port" in finding.detail


def test_a_running_polyvox_is_no_error() -> None:
    with answering(json_answer(200, "pong")) as server:
        finding = serving.check_port(plan_of(int(server.url.rpartition(":")[2])))
    assert finding.level is Level.WARNING
    assert "already running" in finding.detail


def test_a_gpu_that_isnt_there_is_red_where_it_is_demanded() -> None:
    assert serving.check_command(plan_of(device="gpu"), Gpus()).level is Level.ERROR
    assert serving.check_command(plan_of(device="cpu"), Gpus()).level is Level.OK


@pytest.mark.parametrize(
    ("device", "expected"),
    [("auto", "0.5 GPU and 0.5 CPU"), ("gpu", "0.5 GPU and 0.5 CPU"), ("cpu", "0.5 CPU")],
)
def test_with_a_gpu_auto_takes_a_share_of_it(device: str, expected: str) -> None:
    finding = serving.check_command(plan_of(device=device), Gpus(("H200",), usable=True))
    assert finding.level is Level.OK
    assert finding.detail.endswith(f"replicas of {expected}")


@pytest.mark.parametrize(
    ("gpus", "level", "expected"),
    [
        (Gpus(), Level.OK, "none"),
        (Gpus(("H200 (139 GiB)",), True, "CUDA 13.0", bf16=True), Level.OK, "CUDA 13.0, bfloat16 yes"),
        (Gpus(("H200",)), Level.WARNING, "H200"),
        (Gpus(trouble="libcuda.so: no such file"), Level.WARNING, "libcuda.so: no such file"),
    ],
)
def test_what_gpus_mean(gpus: Gpus, level: Level, expected: str) -> None:
    finding = devices.check_gpus(gpus)
    assert finding.level is level
    assert expected in finding.detail


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for NVIDIA's tool, first on PATH."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200, 143771 MiB'\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tool


def test_without_torch_nvidia_smi_is_asked(nvidia_smi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_spec", lambda name: None)
    assert devices.find_gpus() == Gpus(("NVIDIA H200, 143771 MiB",))
    nvidia_smi.write_text("#!/bin/sh\nexit 9\n", encoding="utf-8")
    assert devices.find_gpus() == Gpus()


@pytest.mark.parametrize(
    ("probe", "trouble"),
    [
        ("raise OSError('libcudart is missing')", "OSError: libcudart is missing"),
        ("print('noise')", "Expecting value"),
    ],
)
def test_a_torch_that_cant_be_loaded_is_trouble_and_no_crash(
    nvidia_smi: Path, monkeypatch: pytest.MonkeyPatch, probe: str, trouble: str
) -> None:
    monkeypatch.setattr(devices, "find_spec", lambda name: object())
    monkeypatch.setattr(devices, "_TORCH_PROBE", probe)
    found = devices.find_gpus()
    assert found.names == ("NVIDIA H200, 143771 MiB",)
    assert not found.usable
    assert found.trouble is not None
    assert trouble in found.trouble


def test_torchs_cards_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"cuda": "13.0", "gpus": [{"name": "H200", "gib": 139.8}], "gpu_bf16": True, "cpu": "AVX512"}
    monkeypatch.setattr(devices, "find_spec", lambda name: object())
    monkeypatch.setattr(devices, "_TORCH_PROBE", f"print('''{json.dumps(told)}''')")
    assert devices.find_gpus() == Gpus(("H200 (139.8 GiB)",), True, "CUDA 13.0", True, "AVX512")


def test_missing_software(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "installed_version", lambda distribution: None)
    assert software.check_ray().level is Level.ERROR
    assert software.check_haproxy().level is Level.WARNING
    assert software.check_torch().level is Level.WARNING


@pytest.mark.parametrize(
    ("version", "level"), [("2.57.1", Level.ERROR), ("2.58.0", Level.OK), ("3.0.0rc1", Level.OK)]
)
def test_rays_age(monkeypatch: pytest.MonkeyPatch, version: str, level: Level) -> None:
    monkeypatch.setattr(software, "installed_version", lambda distribution: version)
    assert software.check_ray().level is level


def test_a_missing_espeak_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    finding = software.check_espeak()
    assert finding.level is Level.ERROR
    assert "espeak" in finding.detail


def test_weights_none_some_and_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYVOX_WEIGHTS", str(tmp_path))
    assert "none in" in weights.check_weights().detail
    for name in weights_layout("v2Pro").files:
        assert weights.check_weights().level is Level.WARNING
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert weights.check_weights().level is Level.OK
    assert "v2Pro" in weights.check_weights().detail


def test_g2pw_absent_in_part_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYVOX_WEIGHTS", str(tmp_path))
    absent = weights.check_g2pw()
    assert (absent.level, "polyvox weights pull g2pw" in absent.detail) == (Level.OK, True)
    (tmp_path / G2PW_FOLDER).mkdir()
    for name in G2PW_FILES[:-1]:
        (tmp_path / G2PW_FOLDER / name).touch()
    part = weights.check_g2pw()
    assert (part.level, G2PW_FILES[-1] in part.detail) == (Level.WARNING, True)
    (tmp_path / G2PW_FOLDER / G2PW_FILES[-1]).touch()
    monkeypatch.setattr(weights, "find_spec", lambda name: object())
    assert weights.check_g2pw().level is Level.OK
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    assert "polyvox[g2pw]" in weights.check_g2pw().detail


def test_one_variable_moves_the_weights_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYVOX_WEIGHTS", str(tmp_path))
    served = AppArgs.model_validate({"engines": [{"kind": "gpt_sovits"}]}).engines[0]
    assert isinstance(served, GPTSoVITSArgs)
    assert served.models["gpt-sovits"].weights == str(tmp_path)
    assert weights.weights_folder() == tmp_path
    # The command that helps needs no option, since `pull` follows the variable, too.
    assert weights.check_weights().detail.endswith("polyvox weights pull v2ProPlus")
    result = polyvox("weights", "pull", "--help", env={"COLUMNS": "200"})
    assert "POLYVOX_WEIGHTS" in result.stdout
