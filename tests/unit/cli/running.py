"""Running the command line, in this process and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from polyvox.cli import app

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "polyvox"]


def polyvox(*arguments: str, stdin: str | bytes | None = None, env: dict[str, str] | None = None) -> Result:
    """Run in this process; what the command doesn't handle is raised here."""
    return CliRunner().invoke(app, list(arguments), input=stdin, env=env, catch_exceptions=False)


def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start in a process of its own, with pipes to all of its ends."""
    pipe = subprocess.PIPE
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([*COMMAND, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, env=env, **options)
