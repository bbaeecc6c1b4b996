"""What the interpreter is asked to do while an application answers: which files, processes and addresses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_EVENTS = (
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "shutil.",
    "pickle.",
    "import",
    "exec",
    "glob.",
    "urllib.",
)
_recorders: list[list[tuple[str, str]]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _recorders and event.startswith(_EVENTS):
        told = " ".join(str(argument) for argument in arguments)
        for recorder in _recorders:
            recorder.append((event, told))


sys.addaudithook(_hook)  # for good: an audit hook can't be taken off


@contextmanager
def watching() -> Iterator[list[tuple[str, str]]]:
    """Give what happens meanwhile, as it happens: the event (PEP 578) and its arguments."""
    events: list[tuple[str, str]] = []
    _recorders.append(events)
    try:
        yield events
    finally:
        _recorders.remove(events)


def named(events: list[tuple[str, str]], marks: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the events that have to do with one of the marks, and all that start something."""
    starts = (
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "subprocess.Popen",
        "socket.connect",
        "pickle.",
    )
    return [
        (event, told)
        for event, told in events
        if event.startswith(starts) or any(mark in told for mark in marks)
    ]
