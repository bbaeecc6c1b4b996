"""Korean: spoken forms of everything written, then the rules of pronunciation, then letters as phones.

The phones are the reference's: the letters of each syllable as it sounds, diphthongs in two (ㅘ is ㅗ ㅏ),
silent ㅇ written too, 空 for a space, 停 for quotation marks, brackets and other signs that part words.
"""

from __future__ import annotations

from tts_core.frontend.korean.jamo import Syllable
from tts_core.frontend.korean.morphemes import Tagger
from tts_core.frontend.korean.normalise import normalise
from tts_core.frontend.korean.pronunciation import Pronouncer
from tts_core.frontend.korean.readings import LATIN
from tts_core.frontend.protocol import Pronunciation
from tts_core.frontend.symbols import PUNCTUATION

_SPACE = "空"
_PAUSE = "停"
_DIPHTHONGS = {
    **dict(zip("ㅑㅒㅕㅖㅛㅠ", ("ㅣㅏ", "ㅣㅐ", "ㅣㅓ", "ㅣㅔ", "ㅣㅗ", "ㅣㅜ"), strict=True)),
    **dict(zip("ㅘㅙㅚㅝㅞㅟㅢ", ("ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅡㅣ"), strict=True)),
}


class FrontEnd:
    """Korean. Loading maps the tagger's dictionary into memory: milliseconds, 14 MB."""

    latin = LATIN

    def __init__(self) -> None:
        self._tagger = Tagger()
        self._pronounce = Pronouncer(self._tagger)

    def pronounce(self, text: str) -> Pronunciation:
        normalised, num_dropped = normalise(text, self._tagger.read_han)
        items = self._pronounce(normalised)
        phones: list[str] = []
        for item in items:
            phones.extend(_phones(item))
        if not any(isinstance(item, Syllable) for item in items):
            phones = [phone for phone in phones if phone in PUNCTUATION]
        elif isinstance(items[-1], Syllable):
            phones.append(".")
        return Pronunciation(normalised, tuple(phones), num_dropped=num_dropped)


def _phones(item: Syllable | str) -> str | tuple[str, ...]:
    if isinstance(item, Syllable):
        return item.onset + _DIPHTHONGS.get(item.vowel, item.vowel) + item.coda
    if item in PUNCTUATION:
        return item
    return _SPACE if item == " " else _PAUSE
