"""Japanese: Open JTalk's readings and accents, as phones and marks of pitch."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts_core.frontend.japanese.normalise import normalise
from tts_core.frontend.japanese.open_jtalk import OpenJTalk
from tts_core.frontend.japanese.prosody import phones_of_labels
from tts_core.frontend.japanese.units import LATIN
from tts_core.frontend.japanese.words import UserWord, surfaces
from tts_core.frontend.protocol import Pronunciation
from tts_core.frontend.symbols import PUNCTUATION, UNK

__all__ = ["FrontEnd", "UserWord"]

# Speech, a space, or a mark. Open JTalk's time per character grows with the length, hence the bound.
_PIECE = re.compile(
    r"(?P<speech>(?:[^\W_]|[・ー]|(?<=\d)\.(?=\d)){1,100})|(?P<space> )|(?P<mark>.)", re.DOTALL
)


class FrontEnd:
    """Japanese. Loading takes half a second, 100 MB; the dictionary itself is mapped as it is needed.

    The marks are those that the reference trains on: "[" where the pitch rises, "]" where it falls, "#"
    between accent phrases, "_" for a pause inside a clause; brackets and dashes are UNK. A table that lacks a
    mark (every table lacks "#", that of version 1 all but "_") turns it into UNK, as the reference does.

    Args:
        words: readings that the dictionary lacks or gets wrong.

    Raises:
        MissingDependency: the installed pyopenjtalk has no dictionary.
        InvalidParameter: a word can't be read as it is given.
    """

    latin = LATIN

    def __init__(self, words: Sequence[UserWord] = ()) -> None:
        self._user_words = surfaces(words)
        self._open_jtalk = OpenJTalk(words)

    def pronounce(self, text: str) -> Pronunciation:
        """Return the phones and the marks of pitch of `text`."""
        normalised, num_dropped = normalise(text, self._user_words)
        phones: list[str] = []
        for piece in _PIECE.finditer(normalised):
            if piece.lastgroup == "speech":
                labels, num_unread = self._open_jtalk.labels(piece[0])
                phones.extend(phones_of_labels(labels))
                num_dropped += num_unread
            elif piece.lastgroup == "mark":
                phones.append(piece[0] if piece[0] in PUNCTUATION else UNK)
        if all(phone in PUNCTUATION or phone == UNK for phone in phones):
            phones = [phone for phone in phones if phone != UNK]  # brackets alone are nothing to say
        return Pronunciation(normalised, tuple(phones), num_dropped=num_dropped)

    def words(self, text: str) -> list[tuple[str, int]]:
        """Return the words of a run of kana and kanji, and how many morae each has."""
        return self._open_jtalk.words(text)

    def reading(self, text: str) -> str:
        """Return how `text` is spoken, in katakana and marks: for people who check a reading."""
        normalised, _ = normalise(text, self._user_words)
        return "".join(
            self._open_jtalk.reading(piece[0]) if piece.lastgroup == "speech" else piece[0]
            for piece in _PIECE.finditer(normalised)
        )
