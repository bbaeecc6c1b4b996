"""Characters that nobody sees, and no engine should: zero width, direction marks, controls, halves."""

from __future__ import annotations

import itertools
import unicodedata

_WHITE = frozenset("\t\n\v\f\r\x85")
_JOINERS = frozenset("\u200c\u200d")
# Scripts in which a joiner changes the letters: Arabic to Sinhala, Khmer, Mongolian, and their extensions.
_JOINED_SCRIPTS = ("\u0600", "\u18af")
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co"))


def visible(text: str, *, keep_emoji: bool = False, keep_marks: bool = False) -> tuple[str, int]:
    """Return `text` without what can't be seen, and how many characters that were.

    White space stays, and joiners where they decide what a letter is. Text that was cut in half within a
    character outside of the basic plane loses the half; two halves that met again are one character.

    Args:
        text: anything.
        keep_emoji: keep what joins emoji and chooses between them, for whoever deals with them next.
        keep_marks: keep private-use characters, because they are our own.
    """
    if text.isascii() and text.isprintable():
        return text, 0
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    categories = _INVISIBLE - {"Co"} if keep_marks else _INVISIBLE
    kept = [
        char
        for before, char in itertools.pairwise(" " + whole)
        if not _is_invisible(char, before, categories, keep_emoji=keep_emoji)
    ]
    return "".join(kept), len(whole) - len(kept)


def _is_invisible(char: str, before: str, categories: frozenset[str], *, keep_emoji: bool) -> bool:
    if char in _WHITE or " " <= char <= "~":
        return False
    if char in _JOINERS and _JOINED_SCRIPTS[0] <= before <= _JOINED_SCRIPTS[1]:
        return False
    if is_emoji_glue(char):
        return not keep_emoji
    return unicodedata.category(char) in categories or "\U000e0100" <= char <= "\U000e01ef"


def is_emoji_glue(char: str) -> bool:
    """Tell whether `char` joins emoji or chooses a form: joiner, variation selector, tag."""
    return char == "\u200d" or "\ufe00" <= char <= "\ufe0f" or "\U000e0020" <= char <= "\U000e007f"
