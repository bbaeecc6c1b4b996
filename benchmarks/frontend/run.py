"""A run: every language several times, in turn, each time in a new process."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.frontend.texts import languages_with_text
from tts_core.frontend.languages import supported_languages

SCHEMA = "polyvox.frontend/1"
_ROOT = Path(__file__).parents[2]

Doing = Callable[[str], AbstractContextManager[Any]]


class SettingsError(ValueError):
    """The command line asks for what there isn't."""


@dataclass(frozen=True)
class Settings:
    """What a run was told.

    Attributes:
        languages: which, in their order.
        num_chars: how much text each reads.
        rounds: how often each is measured; the median is reported.
        seed: decides the numbers in the text.
    """

    languages: tuple[str, ...]
    num_chars: int = 20_000
    rounds: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = set(self.languages) - set(registered_languages())
        if unknown:
            raise SettingsError(f"no such language: {', '.join(sorted(unknown))}")
        if self.num_chars < 1 or self.rounds < 1:
            raise SettingsError("--chars and --rounds must be at least 1")


def registered_languages() -> tuple[str, ...]:
    """Return the languages that have a front end and a text here."""
    return tuple(name for name in supported_languages() if name in languages_with_text())


def measure_all(settings: Settings, doing: Doing) -> dict[str, Any]:
    """Return the JSON document: schema, settings, machine, and for each language its rounds and their median.

    A language whose packages are missing has `error` instead.
    """
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in settings.languages}
    for number in range(settings.rounds):
        for name, measured in rounds.items():
            with doing(f"{name}, round {number + 1} of {settings.rounds}"):
                measured.append(_measure(name, settings))
    return {
        "schema": SCHEMA,
        "settings": asdict(settings),
        "machine": describe_machine(),
        "languages": {name: _summary(measured) for name, measured in rounds.items()},
    }


def _measure(language: str, settings: Settings) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.frontend.worker"]
    arguments = [language, str(settings.num_chars), str(settings.seed)]
    done = subprocess.run([*command, *arguments], cwd=_ROOT, capture_output=True, text=True, check=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    if "error" in rounds[0]:
        return {"error": rounds[0]["error"]}
    median = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    return {"median": median, "rounds": rounds}


def describe_machine() -> dict[str, Any]:
    """Return what the machine is, and how busy it was."""
    return {
        "began_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }
