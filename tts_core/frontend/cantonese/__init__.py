"""Cantonese: the readings of the ToJyutping dictionary, as phones."""

from __future__ import annotations

from tts_core.frontend.cantonese.dictionary import jyutping_of
from tts_core.frontend.cantonese.normalise import normalise
from tts_core.frontend.cantonese.numbers import LATIN
from tts_core.frontend.cantonese.syllables import syllable_phones
from tts_core.frontend.protocol import Pronunciation
from tts_core.frontend.symbols import PUNCTUATION


class FrontEnd:
    """Cantonese. Importing this module reads the dictionary: 58,000 nodes, 40 MB."""

    latin = LATIN

    def pronounce(self, text: str) -> Pronunciation:
        normalised, num_dropped = normalise(text)
        phones: list[str] = []
        spoken: list[str] = []
        for char, jyutping in jyutping_of(normalised):
            read = _phones(char, jyutping)
            phones.extend(read)
            if read:
                spoken.append(char)
            else:
                num_dropped += 1
        return Pronunciation("".join(spoken), tuple(phones), num_dropped=num_dropped)


def _phones(char: str, jyutping: str | None) -> tuple[str, ...]:
    """Return the phones of a character: two for each syllable (卅 may have two), one for a mark."""
    if char in PUNCTUATION:
        return (char,)
    return tuple(phone for syllable in (jyutping or "").split() for phone in syllable_phones(syllable))
