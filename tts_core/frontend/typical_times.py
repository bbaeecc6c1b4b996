"""How long phones typically take, and so the words of a text in its language.

Milliseconds at an ordinary rate of speech. English: close to the inherent durations of Klatt (1979), vowels
by their stress. The others are syllable- or mora-timed: what counts is that their syllables come out even.
Only ratios matter, between words of one sentence, so that one table does for every voice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from tts_core.errors import PolyvoxError
from tts_core.frontend.languages import load_front_end, request_language
from tts_core.frontend.protocol import Readings
from tts_core.frontend.symbols import PUNCTUATION
from tts_core.frontend.words import Extent, cut_words, is_unspaced, joined, letters_ms, words_of
from tts_core.timing.marks import Word

_HAN = re.compile("[\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_DIGIT = re.compile(r"\d")

_DIPHTHONGS = frozenset(("AW", "AY", "EY", "OW", "OY"))
_ARPA_MS = {
    **dict.fromkeys(("P", "T", "K", "B", "D", "G"), 75.0),
    **dict.fromkeys(("CH", "JH"), 105.0),
    **dict.fromkeys(("F", "TH", "S", "SH"), 100.0),
    **dict.fromkeys(("V", "DH", "Z", "ZH", "HH"), 65.0),
    **dict.fromkeys(("M", "N", "NG"), 65.0),
    **dict.fromkeys(("L", "R", "W", "Y"), 60.0),
}
_JA_MS = {"a": 75.0, "i": 70.0, "u": 65.0, "e": 75.0, "o": 75.0, "I": 55.0, "U": 55.0, "N": 90.0, "cl": 75.0}
_JA_CONSONANT_MS = 55.0
_KO_VOWELS = frozenset("ㅏㅐㅓㅔㅗㅜㅡㅣ")


def timed_words(text: str, language: str, start: int = 0, readings: Readings = "natural") -> tuple[Word, ...]:
    """Return the words of a piece of text and how long they take, as its language's front end reads them.

    Chinese words are jieba's, Japanese ones Open JTalk's morphemes. A word that can't be read by itself
    counts by its letters.

    Args:
        text: what is spoken at a stretch.
        language: a request language.
        start: where the piece begins, in the text in which characters are counted.
        readings: see `phonemize`.
    """
    own = _language_of(text, language)
    extents: list[Extent] = []
    for extent in _runs(text):
        extents += _cut(text, extent, own) if is_unspaced(text[extent[0]]) else [extent]
    measure = _measure(own, readings)
    return words_of(text, start=start, extents=extents, typical_ms=measure)


def phone_ms(phone: str, language: str) -> float:
    """Return how long a phone takes; 0 for marks."""
    if phone in PUNCTUATION or phone in ("[", "]", "_", "#", "UNK", "停", "空"):
        return 0.0
    if language == "en":
        return _arpa_ms(phone)
    if language == "ja":
        return _JA_MS.get(phone, _JA_CONSONANT_MS)
    if language == "ko":
        return 85.0 if phone in _KO_VOWELS else 60.0
    is_final = phone[-1].isdigit()
    if language == "yue":
        return 135.0 if is_final else 55.0
    return 130.0 if is_final else 70.0


def _arpa_ms(phone: str) -> float:
    stem, stress = (phone[:-1], phone[-1]) if phone[-1].isdigit() else (phone, "")
    if stem in _ARPA_MS:
        return _ARPA_MS[stem]
    if stress == "0" or not stress:
        return 70.0
    return 150.0 if stem in _DIPHTHONGS else 120.0


def _language_of(text: str, language: str) -> str:
    """Return what digits and Han characters are read in."""
    request = request_language(language)
    if not request.detects:
        return request.language
    if _KANA.search(text):
        return "ja"
    if _HAN.search(text):
        return request.language
    if _HANGUL.search(text):
        return "ko"
    return "en" if _LATIN.search(text) else request.language


def _runs(text: str) -> Iterator[Extent]:
    """Yield words with spaces, and runs of characters without."""
    run: Extent | None = None
    for start, end in cut_words(text):
        is_han = is_unspaced(text[start])
        if run is not None and is_han and run[1] == start:
            run = (run[0], end)
            continue
        if run is not None:
            yield run
        run = (start, end) if is_han else None
        if not is_han:
            yield start, end
    if run is not None:
        yield run


def _cut(text: str, extent: Extent, language: str) -> list[Extent]:
    """Return the words of a run without spaces: of the language's own cutting, or its characters."""
    run = text[slice(*extent)]
    try:
        pieces = _CUTTERS[language](run) if language in _CUTTERS else None
    except PolyvoxError:  # its packages aren't installed
        pieces = None
    if pieces is None or "".join(pieces) != run:
        pieces = [run[slice(*one)] for one in cut_words(run)]
    return joined([piece for piece in pieces if piece], extent[0])


def _cut_chinese(run: str) -> Sequence[str]:
    from tts_core.frontend.chinese.cutting import cut_chinese

    return cut_chinese(run)


def _cut_japanese(run: str) -> Sequence[str]:
    from tts_core.frontend.japanese import FrontEnd

    front_end = load_front_end("ja")
    assert isinstance(front_end, FrontEnd)
    return [string for string, _ in front_end.words(run)]


_CUTTERS: dict[str, Callable[[str], Sequence[str]]] = {
    "zh": _cut_chinese,
    "yue": _cut_chinese,
    "ja": _cut_japanese,
}


def _measure(language: str, readings: Readings) -> Callable[[str], float]:
    def measure(word: str) -> float:
        # Syllables of Chinese and Korean are even, and a dictionary takes longer than it is worth.
        is_even = _HANGUL.match(word) or (language in ("zh", "yue") and _HAN.match(word))
        if is_even and not _DIGIT.search(word):
            return letters_ms(word)
        own = "en" if _LATIN.search(word) and not _HAN.search(word) and not _KANA.search(word) else language
        try:
            phones = load_front_end(own, readings).pronounce(word).phones
        except PolyvoxError:
            return letters_ms(word)
        return sum(phone_ms(phone, own) for phone in phones)

    return measure
