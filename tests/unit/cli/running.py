"""Running the command line, in this process and in one of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from typer.testing import CliRunner, Result

from polyvox.cli import app

ROOT = Path(__file__).parents[3]


def polyvox(*arguments: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Result:
    """Run in this process; what the command doesn't handle is raised here."""
    return CliRunner().invoke(app, list(arguments), input=stdin, env=env, catch_exceptions=False)


def start(
    *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start in a process of its own, with pipes to all of its ends and `env` on top of the environment.

    It can be interrupted, which a shell's background jobs, and all that they start, can't be.
    """
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "polyvox", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    interruptible = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(
        command, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe, env=env, preexec_fn=interruptible
    )
