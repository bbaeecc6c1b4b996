"""Words in capital letters: NATO is a word, USB three letters, and VERY is only loud."""

from __future__ import annotations

import re
from collections.abc import Container
from re import Match

# The reference spells them, and the checkpoints' own training text had them so.
_SPELLED = frozenset(("NASA", "JSON"))
# The dictionary has these in small letters too, as other words.
_NEVER_WORDS = frozenset(("AIDES", "SATS", "IOTA", "COPA", "ISIS"))
_MIN_WORD_LETTERS = 4
_LOUD = re.compile(
    "A(?:ll|nd|ny|re|s)|B(?:ad|est|ig|ut|e|y)|Can|Day|Did|Do|End|For|Get|Go(?:od)?|H(?:ad|as|er|im|is|ow|e)|I(?:ts|f|s)"
    "|Let|M(?:an|ay|e|y)|N(?:ew|ot?|ow)|O(?:ff?|ld|ne?|ur|ut|wn)|S(?:aw|ay|ee|he|o)|T(?:he|oo?|op|ry|wo)|Up"
    "|W(?:as|ay|hy|in|e)|Y(?:es|et|ou)",
    re.IGNORECASE,
)
_WORD_ACRONYMS = re.compile("CAD|DOS|GIF|GUI|LAN|MAC|PIN|RAG|RAM|ROM|SIM|WAN|ZIP")
_CAPITALS = re.compile(r"(?<![\w&.-])([A-Z]{2,})('?s)?(?![\w&]|-[A-Z])")
_INNER_CAPITAL = re.compile(r"\b[A-Za-z]*[a-z][A-Z][A-Za-z]*\b")
_SPLIT = re.compile(r"(?<=\S)(?=[A-Z])")
_LETTER_PAIR = re.compile(r"(?<=[A-Z])(?=[A-Z])")


def split_capitals(text: str, words: Container[str], *, shouted: bool = False) -> str:
    """Part letters that are read one by one with spaces, and lower those that are a word.

    Args:
        text: letters and marks.
        words: what the dictionary knows, in small letters.
        shouted: capital letters mean nothing in this text, so that every word that is known is one.
    """

    def capitals(match: Match[str]) -> str:
        word, ending = match.groups()
        if is_word(word, words, 2 if shouted else _MIN_WORD_LETTERS):
            return word.capitalize() + (ending or "")
        # "CPUs" is read like "CPU's"; without the apostrophe its end would be the word "us".
        return _LETTER_PAIR.sub(" ", word) + ("'s" if ending else "")

    def inner(match: Match[str]) -> str:
        return match[0].capitalize() if match[0].lower() in words else match[0]

    return _SPLIT.sub(" ", _INNER_CAPITAL.sub(inner, _CAPITALS.sub(capitals, text)))


def is_word(word: str, words: Container[str], min_letters: int = _MIN_WORD_LETTERS) -> bool:
    """Tell whether capital letters are read as a word."""
    if _LOUD.fullmatch(word) or _WORD_ACRONYMS.fullmatch(word):
        return True
    known = len(word) >= min_letters and word.lower() in words
    return known and word not in _SPELLED and word not in _NEVER_WORDS
