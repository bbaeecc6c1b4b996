"""Words whose readings were given: by the server, by a request, or at one place of a text.

reading     one word and its phones, parsed and checked
files       a server's words, from YAML or TSV
words       many readings, the longest found first
inline      `[word](/phones/)`, and how it stays whole until it is read
placed      a text with stand-ins where those words are, and what the front ends make of it
lexicon     all of it together, for one request
"""

from __future__ import annotations

from tts_core.frontend.lexicon.files import load_words
from tts_core.frontend.lexicon.inline import (
    InlinePhones,
    mark_inline_phones,
    rejoin,
    split_marked,
    without_marks,
)
from tts_core.frontend.lexicon.lexicon import Lexicon, place_words
from tts_core.frontend.lexicon.words import Words

__all__ = [
    "InlinePhones",
    "Lexicon",
    "Words",
    "load_words",
    "mark_inline_phones",
    "place_words",
    "rejoin",
    "split_marked",
    "without_marks",
]
