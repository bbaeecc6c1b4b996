"""What a request may say about its text, by the same names in every dialect."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from tts_core.frontend.filters import EmojiStyle, TextFormat, TextOptions
from tts_core.frontend.lexicon.reading import MAX_PHONES_CHARS, MAX_WORD_CHARS

_Word = Annotated[str, Field(min_length=1, max_length=MAX_WORD_CHARS)]
_Phones = Annotated[str, Field(min_length=1, max_length=MAX_PHONES_CHARS)]


def _from_json(value: Any) -> Any:
    """Take a JSON object for what it says: a query has nothing but strings."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("must be a JSON object: word to phones") from None
    return value


class TextFields(BaseModel):
    """Fields that a request may carry. Absent or null, the text is spoken as it stands, without its emoji."""

    text_format: TextFormat | None = Field(
        None, description="markdown: speak what a reader sees, and leave out code, tags and addresses."
    )
    emoji: EmojiStyle | None = Field(
        None, description="name: say what emoji are called; otherwise drop them."
    )
    inline_phones: bool | None = Field(
        None, description="Read [word](/phones/) as the word, pronounced by these phones."
    )
    lexicon: Annotated[dict[_Word, _Phones] | None, BeforeValidator(_from_json)] = Field(
        None,
        description="Word to phones: ARPAbet, pinyin or Jyutping with tone digits, kana, or hangul.",
    )

    def text_options(self) -> TextOptions:
        return TextOptions(self.text_format or "plain", self.emoji or "drop", bool(self.inline_phones))

    def words(self) -> tuple[tuple[str, str], ...]:
        return tuple((self.lexicon or {}).items())
