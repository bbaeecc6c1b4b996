"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import tts_core
from tests.unit.cli.running import ROOT, polyvox

HEAVY = {"ray", "torch", "av", "numpy", "fastapi", "pydantic", "httpx"}
PRINT_MODULES = """
import sys
from polyvox.cli import app
app(["--help"], standalone_mode=False)
print("\\nLOADED", *sys.modules)
"""


def test_version() -> None:
    result = polyvox("--version")
    assert (result.exit_code, result.stdout) == (0, f"polyvox {tts_core.__version__}\n")


def test_help_lists_every_command() -> None:
    result = polyvox("--help")
    assert result.exit_code == 0
    for command in ("say", "voices", "serve", "doctor", "weights", "keys", "bench"):
        assert f" {command} " in result.stdout


def test_help_loads_nothing_heavy() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PRINT_MODULES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.rpartition("LOADED")[2].split())
    assert "typer" in loaded
    assert not loaded & HEAVY


def test_an_unknown_command_is_a_usage_error() -> None:
    assert polyvox("sing").exit_code == 2
