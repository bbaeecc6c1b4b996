"""Tables and cells in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """Return text as one cell: on one line, its bars escaped."""
    return plain(" ".join(str(text).split())).replace("|", "\\|")


def plain(text: str) -> str:
    """Return text in which brackets outside of code are no links."""
    parts = text.split("`")
    return "`".join(part if at % 2 else part.replace("[", "\\[") for at, part in enumerate(parts))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; nothing where there are no rows."""
    lines = [" | ".join(cell(one) for one in row) for row in rows]
    if not lines:
        return ""
    head = [" | ".join(heads), " | ".join("---" for _ in heads)]
    return "\n".join(f"| {line} |" for line in (*head, *lines)) + "\n"


def code(text: object) -> str:
    """Return text as code."""
    return f"`{text}`"


def prose(docstring: str | None) -> str:
    """Return a docstring as Markdown: without its sections for programmers."""
    text = re.split(r"\n\s*(?:Args|Returns|Raises|Attributes|Yields):\n", docstring or "")[0]
    return "\n\n".join(plain(" ".join(part.split())) for part in text.strip().split("\n\n"))
