"""Hangul syllables and their letters, as Unicode composes them."""

from __future__ import annotations

import dataclasses

ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODAS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
SILENT = "ㅇ"  # an onset that is written and not heard
_FIRST = 0xAC00
_LAST = 0xD7A3


@dataclasses.dataclass
class Syllable:
    """One syllable in letters of the compatibility block.

    Attributes:
        onset: the first consonant; "ㅇ" where the syllable begins with its vowel.
        vowel: one letter, diphthongs included.
        coda: the final consonants as one letter, or "".
        tag: what it ends: "V" the stem of a verb or adjective, "E" an ending, "" anything else.
    """

    onset: str
    vowel: str
    coda: str
    tag: str = ""


def is_syllable(char: str) -> bool:
    """Tell whether `char` is a composed Hangul syllable."""
    return _FIRST <= ord(char) <= _LAST


def decompose(char: str) -> Syllable:
    """Take a composed syllable apart."""
    rest, coda = divmod(ord(char) - _FIRST, len(CODAS))
    onset, vowel = divmod(rest, len(VOWELS))
    return Syllable(ONSETS[onset], VOWELS[vowel], CODAS[coda])


def compose(syllable: Syllable) -> str:
    """Put a syllable together."""
    onset, vowel = ONSETS.index(syllable.onset), VOWELS.index(syllable.vowel)
    return chr(_FIRST + (onset * len(VOWELS) + vowel) * len(CODAS) + CODAS.index(syllable.coda))
