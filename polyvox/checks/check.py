"""One finding of the doctor's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Level(str, Enum):
    """What a finding means for serving."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Check:
    """A line of the report.

    Attributes:
        name: what was looked at.
        level: ERROR where it keeps the server from running.
        detail: what was found and, unless it is good, what to do.
    """

    name: str
    level: Level
    detail: str


def ok(name: str, detail: str) -> Check:
    return Check(name, Level.OK, detail)


def warning(name: str, detail: str) -> Check:
    return Check(name, Level.WARNING, detail)


def error(name: str, detail: str) -> Check:
    return Check(name, Level.ERROR, detail)


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """Return what a check finds; one that can't be made is a finding too."""
    try:
        return check()
    except Exception as failure:
        return error(name, f"can't be checked: {type(failure).__name__}: {failure}")
