"""Whether a text that goes on may be cut, or stands in the middle of something that is set."""

from __future__ import annotations

import re

_MAX_INLINE_CHARS = 500
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_TABLE_ROW = re.compile(r" {0,3}\|")
# A link's text, its address, and a tag, begun and not ended.
_BEGUN = re.compile(r"\[[^\]\n]*\Z|\]\([^)\n]*\Z|<[A-Za-z/!][^>\n]*\Z")
_PAIRED = ("**", "__", "~~")


class Markup:
    """Follows a text line by line, so that to ask is cheap however long a code block is.

    What stays open for 500 characters of a paragraph is taken for plain text. Code blocks and tables may be
    of any length.
    """

    def __init__(self) -> None:
        self._is_code = False
        self._line, self._paragraph = 0, 0  # where they begin

    def end_line(self, text: str, end: int) -> None:
        """Note that a line has ended: `text[end]` is its new line."""
        if _FENCE.match(text, self._line, end):
            self._is_code = not self._is_code
        if not text[self._line : end].strip():
            self._paragraph = end + 1
        self._line = end + 1

    def is_block(self, text: str) -> bool:
        """Tell whether the line that `text` ends with is one of code or of a table."""
        return self._is_code or _TABLE_ROW.match(text, self._line) is not None

    def is_within(self, text: str, end: int) -> bool:
        """Tell whether `end` is within a code block, a table, a link, a tag, code or emphasis."""
        if self.is_block(text) or _FENCE.match(text, self._line):
            return True
        if len(text) - self._paragraph > _MAX_INLINE_CHARS:
            return False
        paragraph = text[self._paragraph : end]
        return (
            _BEGUN.search(paragraph) is not None
            or paragraph.count("`") % 2 == 1
            or any(paragraph.count(mark) % 2 for mark in _PAIRED)
        )
