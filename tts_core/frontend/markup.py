"""What Markdown says, without how it is set: text to speak, as language models write it.

Headings, list items, cells and paragraphs end with a mark, so that a pause follows. Links and pictures are
their text, numbered items keep their numbers, inline code stays. Code blocks, addresses and tags are left
out. Formulas are read as they stand.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tts_core.frontend.gaps import CLAUSES, TERMINATORS, is_wide

_TASK = re.compile(r"\[[ xX]\][ \t]+")
_COMMENT = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)[^<>]*>|<[!?][^<>]*>")
_BREAKING_TAG = re.compile(
    "address|article|blockquote|br|d[dlt]|div|h[1-6r]|li|[ou]l|p|t[dhr]", re.IGNORECASE
)
# What may follow a sentence's mark; the last is the end of a word with inline phones.
_CLOSING = ")]}\"'”’»」』）】》\uf8ff"


def strip_markup(markdown: str) -> tuple[str, int]:
    """Return what is to be spoken, and how many letters and digits of the source aren't in it.

    Never raises, on any text.
    """
    speech = _Speech()
    for token in _parser().parse(markdown):
        speech.take(token)
    text = speech.text()
    return text, max(0, _num_letters(markdown) - _num_letters(text))


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    # Models fence their code. What is merely indented is a list that went wrong, or a poem.
    parser.disable("code")
    # Addresses aren't spoken, so they needn't be valid, nor fit for a page.
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


def _num_letters(text: str) -> int:
    return sum(map(str.isalnum, text))


class _Speech:
    """Text that grows token by token. Blocks are lines, each with a mark at its end."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._parts: list[str] = []
        self._last = ""
        self._is_broken = False

    def take(self, token: Token) -> None:
        if token.type == "inline":
            self._take_inline(token.children or (), is_first=True)
        elif token.type == "html_block":
            self._take_html(token.content)
        elif token.type == "list_item_open" and token.info:
            self._say(f"{token.info}. ")
        elif token.type in ("td_open", "th_open"):
            self._begin_cell()
        elif token.type in ("paragraph_close", "heading_close", "tr_close"):
            self._end_line()

    def text(self) -> str:
        self._end_line()
        return "\n".join(self._lines)

    def _take_inline(self, tokens: Iterable[Token], *, is_first: bool = False) -> None:
        for token in tokens:
            if token.type in ("text", "code_inline"):
                self._say(_TASK.sub("", token.content, count=1) if is_first else token.content)
                is_first = False
            elif token.type == "softbreak":
                self._is_broken = True
            elif token.type == "hardbreak" or (token.type == "html_inline" and _breaks(token.content)):
                self._end_line()
            elif token.type == "image":
                self._take_inline(token.children or ())

    def _take_html(self, content: str) -> None:
        """Say what stands between tags; those that stand for blocks end lines."""
        for line in _TAG.sub(
            lambda tag: "\n" if _breaks(tag[0]) else "", _COMMENT.sub("", content)
        ).splitlines():
            self._say(html.unescape(line))
            self._end_line()

    def _say(self, text: str) -> None:
        if not text:
            return
        if self._is_broken and not (is_wide(self._last or " ") and is_wide(text[0])):
            self._parts.append(" ")
        self._is_broken = False
        self._parts.append(text)
        self._last = text[-1]

    def _begin_cell(self) -> None:
        said = "".join(self._parts).rstrip()
        if said:
            self._parts = [said, "，" if is_wide(said[-1]) else ", "]

    def _end_line(self) -> None:
        line = "".join(self._parts).strip()
        self._parts, self._last, self._is_broken = [], "", False
        if line:
            self._lines.append(line.rstrip(", ，") + _stop_for(line))


def _breaks(tag: str) -> bool:
    match = _TAG.match(tag)
    return bool(match and match[1] and _BREAKING_TAG.fullmatch(match[1]))


def _stop_for(line: str) -> str:
    """Return the full stop that a line lacks."""
    body = line.rstrip(_CLOSING)
    last = body[-1:]
    if not any(map(str.isalnum, line)) or last in TERMINATORS or (last in CLAUSES and last not in ",，"):
        return ""
    return "。" if last and is_wide(last) else "."
