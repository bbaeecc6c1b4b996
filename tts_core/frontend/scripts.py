"""Cutting mixed text into runs of one language, by script."""

from __future__ import annotations

import re
from typing import NamedTuple

# Full-width Latin letters are Latin. What has no name here (spaces, marks) goes with what stands before it.
_RUN = re.compile(
    r"(?P<en>[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\uff21-\uff3a\uff41-\uff5a]+)"
    r"|(?P<zh>[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+)"
    r"|(?P<ja>[\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]+)"
    r"|(?P<ko>[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]+)"
    r"|(?P<digits>\d+)"
)


class Run(NamedTuple):
    """A stretch of text in one language."""

    language: str
    text: str


def split_by_script(text: str, default: str) -> list[Run]:
    """Cut `text` into runs of en, zh, ja and ko, which joined are the text.

    Digits are read in the language on both sides of them; between two languages, and where no letters are, in
    `default`. At an end they go with their only neighbour.
    """
    found = [(match.lastgroup or "", match.start()) for match in _RUN.finditer(text)]
    languages = _with_digits([kind for kind, _ in found], default)
    runs: list[Run] = []
    starts = [0, *(start for _, start in found[1:]), len(text)]
    for language, start, end in zip(languages or [default], starts, starts[1:], strict=False):
        if runs and runs[-1].language == language:
            runs[-1] = Run(language, runs[-1].text + text[start:end])
        else:
            runs.append(Run(language, text[start:end]))
    return runs


def _with_digits(kinds: list[str], default: str) -> list[str]:
    """Replace "digits" by the language on both sides, one pass from each end."""
    before, after = _nearest(kinds), _nearest(kinds[::-1])[::-1]
    languages = []
    for kind, left, right in zip(kinds, before, after, strict=True):
        left, right = left or right, right or left
        languages.append(kind if kind != "digits" else left if left and left == right else default)
    return languages


def _nearest(kinds: list[str]) -> list[str]:
    """Return for each index the last language up to it, "" where there is none."""
    nearest, last = [], ""
    for kind in kinds:
        last = last if kind == "digits" else kind
        nearest.append(last)
    return nearest
