"""Circled numbers that number items: ①次に is "one, next", where 1次に would be one word."""

from __future__ import annotations

import re

_ITEM = re.compile(
    r"(?:(?<=[\s。．.、，,;；:：!！?？」』”）)])|(?<![\s\S]))([\u2460-\u2487\u2776-\u277f])[ \u3000]?"
    r"(?=[^\W\d]|[「『“\"(（])(?![号號番호])"
)


def part_circled(text: str, mark: str) -> str:
    """Put a mark of pause behind circled numbers that begin clauses, unless they name something: ①号."""
    return _ITEM.sub(lambda match: match[1] + mark, text)
