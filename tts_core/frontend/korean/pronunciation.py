"""Spelled Hangul to spoken Hangul: Standard Pronunciation (표준 발음법), as the reference applies it.

In order: words of the lexicon, letters that sound otherwise within their syllable, stems and endings, contact
of consonants, liaison. Six slips of the reference are put right, because they are heard. 끝에 is [끄테] and
not 끄세: the names of letters alone turn their last consonant into ㅅ. 밟아 is [발바] and not 바바, 닫혀
[다쳐] and not 다텨, 앞류 [암뉴] and not 안뉴; 을 라디오 keeps its ㄹ (the reference: 나디오),
and 꽃잎이 its ㅍ (the reference's dictionary holds the word as it sounds alone, 꼰닙).
"""

from __future__ import annotations

import re

from tts_core.frontend.korean.contact import TENSE, at_end, before_consonant, before_vowel
from tts_core.frontend.korean.jamo import SILENT, Syllable, compose, decompose, is_syllable
from tts_core.frontend.korean.lexicon import respell
from tts_core.frontend.korean.morphemes import Tagger

# The last syllable of a letter's name, the one before it, and the consonant heard before a vowel.
_LETTER_NAMES = {
    "디귿": "ㅅ",
    "지읒": "ㅅ",
    "치읓": "ㅅ",
    "키읔": "ㄱ",
    "티읕": "ㅅ",
    "피읖": "ㅂ",
    "히읗": "ㅅ",
}
_PALATAL = {"ㄷ": ("", "ㅈ"), "ㅌ": ("", "ㅊ"), "ㄾ": ("ㄹ", "ㅊ")}
_STEM_CODAS = {"ㄴ": "ㄴ", "ㅁ": "ㅁ", "ㄵ": "ㄴ", "ㄻ": "ㅁ", "ㄼ": "ㄼ", "ㄾ": "ㄾ"}
_TENSE_AFTER_STEM = "ㄱㄷㅅㅈ"
_TENSE_AFTER_R = ("걸", "밖에", "세라", "수록", "지라도", "지언정", "진대")
_PROMISE = re.compile("게(?:요?(?![가-힣])|요)")
Item = Syllable | str


class Pronouncer:
    """Korean pronunciation over a tagger."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger

    def __call__(self, text: str) -> list[Item]:
        """Return syllables as they sound, and every other character as it is."""
        text = respell(text)
        ends = self._tagger.ends(text)
        items: list[Item] = [decompose(char) if is_syllable(char) else char for char in text]
        for index, tag in ends.items():
            item = items[index]
            if isinstance(item, Syllable):
                item.tag = tag
        _inside(items)
        for index in range(len(items)):
            _special(text, items, index)
        for index in range(len(items)):
            _contact(items, index)
        return items


def spoken(items: list[Item]) -> str:
    """Write pronounced items as text."""
    return "".join(item if isinstance(item, str) else compose(item) for item in items)


def _inside(items: list[Item]) -> None:
    for item in items:
        if isinstance(item, Syllable):
            if item.vowel == "ㅕ" and item.onset in "ㅈㅉㅊ":
                item.vowel = "ㅓ"
            elif item.vowel == "ㅢ" and item.onset != SILENT:
                item.vowel = "ㅣ"


def _next(items: list[Item], index: int) -> tuple[Syllable | None, bool]:
    """Return the syllable after `index` and whether a space comes before it; None where there is none."""
    following = items[index + 1] if index + 1 < len(items) else ""
    spaced = following == " "
    if spaced:
        following = items[index + 2] if index + 2 < len(items) else ""
    return (following if isinstance(following, Syllable) else None), spaced


def _special(text: str, items: list[Item], index: int) -> None:
    """Apply what depends on words and not only on the two consonants in contact."""
    item = items[index]
    if not isinstance(item, Syllable) or not item.coda:
        return
    following, spaced = _next(items, index)
    if following and not spaced:
        _letter_name(text, item, following, index)
        if item.tag == "V":
            _after_stem(item, following)
        _palatalise(item, following)
    _irregular_cluster(item, None if spaced else following)
    if item.coda == "ㄹ" and following and not spaced:
        _promise(text, items, index)
    if item.coda == "ㄹ" and following:
        _after_r(text, item, following, index, spaced=spaced)


def _letter_name(text: str, item: Syllable, following: Syllable, index: int) -> None:
    sound = _LETTER_NAMES.get(text[max(index - 1, 0) : index + 1])
    if sound and following.onset == SILENT:
        item.coda = sound


def _after_stem(item: Syllable, following: Syllable) -> None:
    if item.coda == "ㄺ" and following.onset in "ㄱㄲ":
        item.coda, following.onset = "ㄹ", "ㄲ"
    elif item.coda in _STEM_CODAS and following.onset in _TENSE_AFTER_STEM:
        item.coda, following.onset = _STEM_CODAS[item.coda], TENSE[following.onset]


def _palatalise(item: Syllable, following: Syllable) -> None:
    if following.vowel not in "ㅣㅕ":
        return
    if following.onset == SILENT and item.coda in _PALATAL:
        item.coda, following.onset = _PALATAL[item.coda]
    elif (
        following.onset == "ㅎ" and item.coda == "ㄷ" and (following.vowel == "ㅣ" or following.coda in "ㅆ")
    ):
        item.coda, following.onset = "", "ㅊ"


def _irregular_cluster(item: Syllable, following: Syllable | None) -> None:
    """Read 밟 as 밥 before a consonant and at an end, 넓 as 넙 in 넓죽하다 and 넓둥글다."""
    written = item.onset + item.vowel + item.coda
    if written == "ㅂㅏㄼ":
        irregular = following is None or following.onset not in (SILENT, "ㅎ")
    elif written == "ㄴㅓㄼ" and following:
        irregular = following.vowel == "ㅜ" and following.onset in "ㄷㄸㅈㅉ"
    else:
        irregular = False
    if irregular:
        item.coda = "ㅂ"


def _after_r(text: str, item: Syllable, following: Syllable, index: int, *, spaced: bool) -> None:
    """Make the consonant after a modifying ending in ㄹ tense: 할 것 [할 껃], 할수록 [할쑤록]."""
    tense = item.tag == "E" if spaced else item.tag != "E" and text.startswith(_TENSE_AFTER_R, index + 1)
    if tense:
        following.onset = TENSE.get(following.onset, following.onset)


def _promise(text: str, items: list[Item], index: int) -> None:
    """Say 갈게 and 드릴게요 as [갈께], [드릴께요]; not 길게, an adjective's stem and its ending."""
    item, following = items[index], items[index + 1]
    if not (isinstance(item, Syllable) and isinstance(following, Syllable)):
        return
    if _PROMISE.match(text, index + 1) and (item.tag != "V" or text.startswith("요", index + 2)):
        following.onset = "ㄲ"


def _contact(items: list[Item], index: int) -> None:
    item = items[index]
    if not isinstance(item, Syllable) or not item.coda:
        return
    following, spaced = _next(items, index)
    if following is None or (spaced and following.onset == SILENT):
        item.coda = at_end(item.coda)
    elif following.onset == SILENT:
        item.coda, following.onset = before_vowel(item.coda)
    else:
        coda, onset = before_consonant(item.coda, following.onset)
        # The reference's readings keep the object's particle apart: 을 나는 isn't 을 라는.
        if not (spaced and item.coda == "ㄹ" and following.onset == "ㄴ" and _is_object(item)):
            item.coda, following.onset = coda, onset


def _is_object(item: Syllable) -> bool:
    return item.vowel == "ㅡ" and item.onset in (SILENT, "ㄹ")
