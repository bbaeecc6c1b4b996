"""What every table of reading rules shares: a pattern, and what it is read as."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from re import Match

Rule = tuple[re.Pattern[str], Callable[[Match[str]], str]]

# A rule begins where a number begins, or it would try every digit of a long one.
FIRST = r"(?<!\d)(?<!\d[.,])"
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"


def rule(pattern: str, reading: Callable[[Match[str]], str] | str, flags: int = 0) -> Rule:
    """Return a rule; a reading that is a string may refer to groups, as in `re.sub`."""
    if isinstance(reading, str):
        template = reading
        return re.compile(pattern, flags), lambda match: match.expand(template)
    return re.compile(pattern, flags), reading


def apply(rules: Iterable[Rule], text: str) -> str:
    """Apply rules in their order, each to the whole text."""
    for pattern, reading in rules:
        text = pattern.sub(reading, text)
    return text
