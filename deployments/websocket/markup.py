"""Whether a text that goes on may be cut, or stands in the middle of something that is set."""

from __future__ import annotations

import re

_MAX_INLINE_CHARS = 500
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_TABLE_ROW = re.compile(r"^ {0,3}\|[^\n]*\n?\Z", re.MULTILINE)
# A link's text, its address, and a tag, begun and not ended.
_BEGUN = re.compile(r"\[[^\]\n]*\Z|\]\([^)\n]*\Z|<[A-Za-z/!][^>\n]*\Z")
_PAIRED = ("**", "__", "~~")


def is_within_markup(text: str) -> bool:
    """Tell whether `text` ends within a code block, a table, a link, a tag, code or emphasis.

    What stays open for 500 characters of a paragraph is taken for plain text. Code blocks and tables may be
    of any length.
    """
    if len(_FENCE.findall(text)) % 2 or _TABLE_ROW.search(text):
        return True
    paragraph = text.rpartition("\n\n")[2]
    if len(paragraph) > _MAX_INLINE_CHARS:
        return False
    return (
        _BEGUN.search(paragraph) is not None
        or paragraph.count("`") % 2 == 1
        or any(paragraph.count(mark) % 2 for mark in _PAIRED)
    )
