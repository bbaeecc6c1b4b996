"""Words that a server adds to the dictionary: how they are written, read and accented."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from tts_core.errors import InvalidParameter

_READING = re.compile(r"[ァ-ヴー]+")
_SURFACE = re.compile(r"(?:[^\W_]|[・ー])+")
_SMALL = re.compile("[ァィゥェォャュョヮ]")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
# The left and right context of "proper noun, general", the same in every edition of the dictionary.
_PROPER_NOUN = 1348
_MAX_GAIN = 16_000


@dataclasses.dataclass(frozen=True)
class UserWord:
    """A word and its reading.

    Attributes:
        surface: as it is written, letters and digits only: "推し活", "GPT".
        reading: as it is spoken, in katakana with "ー" for long vowels: "オシカツ", "ジーピーティー".
        accent: the number of the mora after which the pitch falls; 0 where it doesn't.

    Raises:
        InvalidParameter: the surface or the reading isn't as described, or it has fewer morae than `accent`.
    """

    surface: str
    reading: str
    accent: int = 0

    def __post_init__(self) -> None:
        if not _SURFACE.fullmatch(self.surface):
            raise InvalidParameter(f"{self.surface!r} isn't a word of letters and digits", param="surface")
        if not _READING.fullmatch(self.reading):
            raise InvalidParameter(f"{self.reading!r} isn't a reading in katakana", param="reading")
        if not 0 <= self.accent <= self.num_morae:
            raise InvalidParameter(
                f"{self.reading} has {self.num_morae} morae; the accent can't be {self.accent}",
                param="accent",
            )

    @property
    def num_morae(self) -> int:
        """How many beats the reading has; a small kana shares that of the one before."""
        return len(_SMALL.sub("", self.reading))


def surfaces(words: Iterable[UserWord]) -> re.Pattern[str] | None:
    """Return a pattern, in one group, of the words as they are written; the longest that fits wins."""
    written = sorted({word.surface for word in words}, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, written))})") if written else None


def dictionary_csv(words: Iterable[UserWord]) -> str:
    """Return the words as lines of a MeCab dictionary in the format of naist-jdic."""
    return "".join(_line(word) for word in words)


def _line(word: UserWord) -> str:
    written = word.surface.translate(_FULL_WIDTH)
    # Below nearly every entry, so that a word beats its namesake, but not a longer word that it is part of;
    # the square lets the longer one of two added words win.
    cost = -min(500 * len(written) ** 2, _MAX_GAIN)
    kind = "名詞,固有名詞,一般,*,*,*"
    accent = f"{word.accent}/{word.num_morae}"
    fields = (
        written,
        _PROPER_NOUN,
        _PROPER_NOUN,
        cost,
        kind,
        written,
        word.reading,
        word.reading,
        accent,
        "*",
    )
    return ",".join(map(str, fields)) + "\n"
