"""What a request's text goes through before it is cut into segments, whatever engine speaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tts_core.frontend.emoji import drop_emoji, name_emoji
from tts_core.frontend.lexicon.inline import InlinePhones, mark_inline_phones
from tts_core.frontend.markup import strip_markup
from tts_core.frontend.visible import visible

TextFormat = Literal["plain", "markdown"]
EmojiStyle = Literal["drop", "name"]


@dataclass(frozen=True)
class TextOptions:
    """How a text is meant.

    Attributes:
        text_format: "plain" is spoken as it stands; of "markdown", what a reader would see but for code.
        emoji: "drop" leaves them out, "name" says what they are called.
        inline_phones: `[word](/phones/)` gives a word's phones, rather than being spoken as it stands.
    """

    text_format: TextFormat = "plain"
    emoji: EmojiStyle = "drop"
    inline_phones: bool = False


@dataclass(frozen=True)
class FilteredText:
    """What is left to speak.

    Attributes:
        text: with marks around words that have inline phones.
        inline_phones: those words and their phones, in order.
        num_dropped: letters and digits of code, tags and addresses, emoji, and invisible characters that are
            gone.
    """

    text: str
    inline_phones: tuple[InlinePhones, ...] = ()
    num_dropped: int = 0


def filter_text(text: str, options: TextOptions, emoji_language: str, max_words: int) -> FilteredText:
    """Return what of `text` is to be spoken.

    Args:
        text: anything.
        options: how it is meant.
        emoji_language: which language emoji are named in, where they are.
        max_words: how many words may have inline phones.

    Raises:
        InvalidParameter: emoji have no names in the language, or too many words have inline phones.
        MissingDependency: naming emoji needs a package that isn't installed.
    """
    inline: tuple[InlinePhones, ...] = ()
    text, num_dropped = visible(text, keep_emoji=True)
    if options.inline_phones:
        text, inline = mark_inline_phones(text, max_words)
    if options.text_format == "markdown":
        text, num_silent = strip_markup(text)
        num_dropped += num_silent
    if options.emoji == "name":
        text, num_pictures = name_emoji(text, emoji_language)
    else:
        text, num_pictures = drop_emoji(text)
    text, num_glue = visible(text, keep_marks=True)
    return FilteredText(text, inline, num_dropped + num_pictures + num_glue)
