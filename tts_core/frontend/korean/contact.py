"""What two consonants become where one syllable's end meets the next one's beginning.

Standard Pronunciation (표준 발음법) 9 to 12, 18 to 20 and 23, within a word and across one space, as far as
the reference applies them: it leaves the tense sounds after ㄵ, ㄻ and ㄾ to the rule for stems.
"""

from __future__ import annotations

import functools

from tts_core.frontend.korean.jamo import SILENT

TENSE = dict(zip("ㄱㄷㅂㅅㅈ", "ㄲㄸㅃㅆㅉ", strict=True))
_ASPIRATED = dict(zip("ㄱㄷㅈ", "ㅋㅌㅊ", strict=True))
_NASAL = dict(zip("ㄱㄷㅂ", "ㅇㄴㅁ", strict=True))
# What is heard of a coda where nothing follows that it could move to.
_HEARD = {
    **dict.fromkeys("ㄱㄲㅋㄳㄺ", "ㄱ"),
    **dict.fromkeys("ㄴㄵㄶ", "ㄴ"),
    **dict.fromkeys("ㄷㅅㅆㅈㅊㅌㅎ", "ㄷ"),
    **dict.fromkeys("ㄹㄼㄽㄾㅀ", "ㄹ"),
    **dict.fromkeys("ㅁㄻ", "ㅁ"),
    **dict.fromkeys("ㅂㅍㅄㄿ", "ㅂ"),
    "ㅇ": "ㅇ",
    "": "",
}
# Coda and onset ㅎ in one: what stays, what the next syllable begins with.
_BEFORE_H = {
    **dict.fromkeys("ㄱㄲㄳㅋ", ("", "ㅋ")),
    **dict.fromkeys("ㄷㅅㅆㅊㅌ", ("", "ㅌ")),
    **dict.fromkeys("ㅂㅍ", ("", "ㅍ")),
    **dict.fromkeys("ㄿㅄ", ("ㅂ", "ㅍ")),
    "ㅈ": ("", "ㅊ"),
    "ㄵ": ("ㄴ", "ㅊ"),
    "ㄺ": ("ㄹ", "ㅋ"),
    "ㄼ": ("ㄹ", "ㅍ"),
    "ㅎ": ("", "ㅎ"),
}
_WITH_H = {"ㅎ": "", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}
# Coda before a vowel: what stays, what moves over. ㅇ stays, ㅎ is lost.
_MOVING = {
    **{coda: ("", coda) for coda in "ㄱㄲㄴㄷㄹㅁㅂㅅㅆㅈㅊㅋㅌㅍ"},
    "ㄳ": ("ㄱ", "ㅆ"),
    "ㄵ": ("ㄴ", "ㅈ"),
    "ㄺ": ("ㄹ", "ㄱ"),
    "ㄻ": ("ㄹ", "ㅁ"),
    "ㄼ": ("ㄹ", "ㅂ"),
    "ㄽ": ("ㄹ", "ㅆ"),
    "ㄾ": ("ㄹ", "ㅌ"),
    "ㄿ": ("ㄹ", "ㅍ"),
    "ㅄ": ("ㅂ", "ㅆ"),
    "ㅎ": ("", SILENT),
    "ㄶ": ("", "ㄴ"),
    "ㅀ": ("", "ㄹ"),
}


def at_end(coda: str) -> str:
    """Return what is heard of a coda before a pause, and before a vowel in the next word."""
    return _HEARD[coda]


def before_vowel(coda: str) -> tuple[str, str]:
    """Return the coda that stays and the onset of a following syllable that begins with its vowel."""
    return _MOVING.get(coda, (coda, SILENT))


@functools.cache
def before_consonant(coda: str, onset: str) -> tuple[str, str]:
    """Return coda and onset as they sound together; `onset` is not silent."""
    if not coda:
        return coda, onset
    if onset == "ㅎ":
        return _BEFORE_H.get(coda, (_HEARD[coda], onset))
    if coda in _WITH_H:
        return _after_h(_WITH_H[coda], onset)
    heard = _HEARD[coda]
    if onset in "ㄴㅁ":
        return _before_nasal(coda, heard, onset)
    if onset == "ㄹ":
        return _before_liquid(coda, heard)
    if heard in _NASAL or coda in "ㄼㄽ":
        onset = TENSE.get(onset, onset)
    return ("ㄹ", onset) if (coda, onset) == ("ㄺ", "ㅋ") else (heard, onset)


def _after_h(rest: str, onset: str) -> tuple[str, str]:
    if onset == "ㅅ":
        return rest, "ㅆ"
    if onset == "ㄴ":
        return (rest or "ㄴ", "ㄹ" if rest == "ㄹ" else "ㄴ")
    if onset == "ㄹ" and rest:
        return "ㄹ", "ㄹ"
    return rest, _ASPIRATED.get(onset, onset)


def _before_nasal(coda: str, heard: str, onset: str) -> tuple[str, str]:
    if coda == "ㄼ":
        return "ㅁ", onset
    if heard == "ㄹ" and onset == "ㄴ":
        return "ㄹ", "ㄹ"
    return _NASAL.get(heard, heard), onset


def _before_liquid(coda: str, heard: str) -> tuple[str, str]:
    if heard in "ㄴㄹ":
        return "ㄹ", "ㄹ"
    return _NASAL.get(heard, heard), "ㄴ"
