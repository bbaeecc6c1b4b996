"""What the documentation holds: links, anchors, blocks of code and code in its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from docs.generate import PAGES as REFERENCE

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
WRITTEN = (
    README,
    *(path for path in sorted(DOCS.rglob("*.md")) if path.parent != DOCS / "reference"),
)
"""Pages that people write. The reference's are made, and git has none of them."""

_markdown = MarkdownIt("commonmark").enable("table")


class Sample(NamedTuple):
    """A piece of code.

    Attributes:
        page: the file that it is in.
        line: where in it, from 1.
        language: what the fence says; "" of code within a line.
        text: the code.
    """

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


class Link(NamedTuple):
    """A link or a picture."""

    page: Path
    line: int
    target: str


def text_of(page: Path) -> str:
    """Return a page as readers of the documentation get it."""
    if page.parent == DOCS / "reference":
        return REFERENCE[page.name]()
    return page.read_text(encoding="utf-8")


def blocks(*languages: str) -> list[Sample]:
    """Return all fenced code in these languages."""
    return [
        Sample(page, line, token.info.strip(), token.content)
        for page in WRITTEN
        for line, token in _tokens(page)
        if token.type == "fence" and token.info.strip() in languages
    ]


def spans() -> list[Sample]:
    """Return all code within lines."""
    return [
        Sample(page, line, "", token.content)
        for page in WRITTEN
        for line, token in _tokens(page)
        if token.type == "code_inline"
    ]


def links(page: Path) -> Iterator[Link]:
    """Yield a page's links and pictures."""
    for line, token in _tokens(page):
        target = token.attrGet("href") or token.attrGet("src")
        if target is not None:
            yield Link(page, line, str(target))


def anchors(page: Path) -> set[str]:
    """Return the names that a page's headings have, as GitHub and Sphinx give them."""
    tokens = _markdown.parse(text_of(page))
    return {_slug(follows) for token, follows in pairwise(tokens) if token.type == "heading_open"}


def _tokens(page: Path) -> Iterator[tuple[int, Token]]:
    """Yield every token with its line, those within lines too."""
    for token in _markdown.parse(text_of(page)):
        line = token.map[0] + 1 if token.map else 1
        yield line, token
        for inner in token.children or ():
            yield line, inner


def _slug(heading: Token) -> str:
    title = "".join(token.content for token in heading.children or ())
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
