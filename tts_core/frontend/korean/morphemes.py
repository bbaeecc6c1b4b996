"""Where verb stems and endings end, from the mecab-ko tagger and its dictionary.

The dictionary is mapped into memory, not read: loading takes milliseconds and 12 MB.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from typing import Any

import mecab_ko  # type: ignore[import-untyped, unused-ignore]

_TAGS = frozenset("VE")
_READING = 3  # the column of the reading
_NO_READING = "*"
_MAX_CHARS = 1000
_HAN_NUMERALS = dict(zip("一二三四五六七八九十百千萬万億亿", "일이삼사오육칠팔구십백천만만억억", strict=True))


def _parts(text: str) -> Iterator[str]:
    """Cut long text at spaces, so that the tagger's memory doesn't grow with it."""
    start = 0
    while start < len(text):
        end = start + _MAX_CHARS
        if end < len(text):
            end = text.rfind(" ", start, end) + 1 or end
        yield text[start:end]
        start = end


class Tagger:
    """The tagger of the `mecab_ko` package. Any thread may call it; one at a time is served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tagger: Any = mecab_ko.Tagger()

    def tokens(self, text: str) -> list[tuple[str, list[str]]]:
        """Return each morpheme and its features: tag, meaning, final consonant, reading, ..."""
        lines: list[str] = []
        for part in _parts(text):
            with self._lock:
                lines.extend(self._tagger.parse(part).splitlines())
        rows = (line.partition("\t") for line in lines if line != "EOS")
        return [(surface, features.split(",")) for surface, _, features in rows]

    def ends(self, text: str) -> dict[int, str]:
        """Return the index of each character that ends a stem ("V") or an ending ("E").

        A morpheme of several parts counts as its last part. Empty where the tagger's morphemes aren't the
        text: it drops white space other than the space.
        """
        found: dict[int, str] = {}
        index = 0
        for surface, features in self.tokens(text):
            while text[index : index + 1] == " ":
                index += 1
            if not text.startswith(surface, index):
                return {}
            index += len(surface)
            tag = features[0].rpartition("+")[2][:1]
            if tag in _TAGS:
                found[index - 1] = tag
        return found

    def read_han(self, text: str) -> str:
        """Return the reading of Han characters in Hangul, word by word, else character by character."""
        return "".join(self._reading(surface, features) for surface, features in self.tokens(text))

    def _reading(self, surface: str, features: list[str]) -> str:
        reading = features[_READING] if len(features) > _READING else _NO_READING
        if reading != _NO_READING:
            return reading
        if len(surface) == 1:
            return _HAN_NUMERALS.get(surface, surface)
        return "".join(self._character_reading(char) for char in surface)

    @functools.lru_cache(maxsize=1 << 12)  # noqa: B019  # the tagger lives as long as the process
    def _character_reading(self, char: str) -> str:
        return self._reading(char, self.tokens(char)[0][1])
