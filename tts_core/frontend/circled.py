"""Circled numbers that number items: ①次に is "one, next", where 1次に would be one word."""

from __future__ import annotations

import re

_ITEM = re.compile(
    r"(?:(?<=[\s。．.、，,;；:：!！?？」』”）)])|(?<![\s\S]))([\u2460-\u2487\u2776-\u277f])[ \u3000]?"
    r"(?=[^\W\d]|[「『“\"(（])(?![号號番])"
)


def part_circled(text: str, mark: str) -> str:
    """Put a mark of pause behind circled numbers at the beginnings of clauses, 1号's and the like excepted."""
    return _ITEM.sub(lambda match: match[1] + mark, text)
