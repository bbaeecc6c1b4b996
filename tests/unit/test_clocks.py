"""Durations are measured by clocks that nobody sets; the wall clock is read only where it is meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

MEANT = {
    "deployments/http/gpt_sovits/gsvi.py": "links that expire, on whichever node they are opened",
    "deployments/http/voices/desk.py": "the day on which a speaker agreed, for people",
    "deployments/tracing/tracing.py": "spans say when something was, to collectors elsewhere",
    "polyvox/commands/cloning.py": "the day on which a speaker agreed, for people",
    "polyvox/commands/keys.py": "the day on which a key was made, for people",
    "tts_core/models/gpt_sovits/prompt_cache.py": "held against files' times, to sweep up after the dead",
}

WALL_CLOCKS = {
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}


def wall_clocks(source: str) -> Iterator[str]:
    """Yield what in a module reads the wall clock."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (alias.name for alias in node.names if alias.name in WALL_CLOCKS["time"])
        elif isinstance(node, ast.Attribute) and node.attr in WALL_CLOCKS.get(_owner(node.value), ()):
            yield f"{_owner(node.value)}.{node.attr}"


def _owner(node: ast.expr) -> str:
    """Return the last name of an expression: `datetime` of `datetime.datetime`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_the_wall_clock_is_read_where_it_is_meant() -> None:
    packages = ("deployments", "polyvox", "tts_core")
    paths = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    found = {
        str(path.relative_to(ROOT)): reads
        for path in paths
        if (reads := list(wall_clocks(path.read_text("utf-8"))))
    }
    assert {path: reads for path, reads in found.items() if path not in MEANT} == {}


def test_reading_it_is_noticed() -> None:
    for source in (
        "import time\ntime.time()",
        "from time import time_ns",
        "import datetime\ndatetime.datetime.now(datetime.timezone.utc)",
        "from datetime import date\ndate.today()",
    ):
        assert list(wall_clocks(source)), source
    assert not list(wall_clocks("import time\ntime.monotonic()\nself.time()\nloop.time()"))
