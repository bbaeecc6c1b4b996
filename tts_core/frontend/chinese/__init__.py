"""Mandarin: characters to pinyin (jieba, pypinyin, perhaps G2PW), tones between neighbours, phones."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from tts_core.frontend.chinese.amounts import LATIN
from tts_core.frontend.chinese.lexicon import load_lexicon
from tts_core.frontend.chinese.merge import merge_words
from tts_core.frontend.chinese.normalise import normalise
from tts_core.frontend.chinese.polyphones import fixed_readings
from tts_core.frontend.chinese.sandhi import change_erhua, change_tones
from tts_core.frontend.chinese.syllables import clause_pinyin, is_phrase, syllable_phones, word_pinyin
from tts_core.frontend.chinese.words import Word, WordSegmenter
from tts_core.frontend.g2pw import read_in_context
from tts_core.frontend.protocol import Pronunciation

# A clause and its mark. The bound keeps the work linear where there is no punctuation.
_CLAUSE = re.compile(r"[^!?…,.]{0,200}[!?…,.]|[^!?…,.]{1,200}")
_CACHED_WORDS = 1 << 16


@functools.lru_cache(_CACHED_WORDS)
def _dictionary_tones(word: str) -> str:
    return "".join(syllable[-1] for syllable in word_pinyin(word))


class FrontEnd:
    """Mandarin. Loading builds jieba's dictionary, about a second."""

    latin = LATIN

    def __init__(self) -> None:
        self._segmenter = WordSegmenter()
        self._lexicon = load_lexicon()
        self._word_phones = functools.lru_cache(_CACHED_WORDS)(self._read_word)

    def normalise(self, text: str) -> tuple[str, int]:
        """Return the text as it is read, and the number of letters and digits that were left out."""
        return normalise(text)

    def clause_pinyin(self, clause: str) -> list[str]:
        """Return a dictionary's syllable for each character, or the punctuation mark itself."""
        return clause_pinyin(clause)

    def fixed_readings(self, clause: str) -> dict[int, str]:
        """Return the syllables that no dictionary decides, by the index of their character."""
        return fixed_readings(clause)

    def word_pinyin(self, word: str, in_clause: tuple[str, ...]) -> Sequence[str]:
        """Return a word's syllables, which alone may be other than those that it has in its clause."""
        return word_pinyin(word) if is_phrase(word) else in_clause

    def pronounce(self, text: str) -> Pronunciation:
        normalised, num_dropped = self.normalise(text)
        per_character: list[tuple[str, ...]] = []
        for clause in _CLAUSE.findall(normalised):
            per_character.extend(self._clause_phones(clause))
        return Pronunciation(
            text=normalised,
            phones=tuple(phone for phones in per_character for phone in phones),
            word2ph=tuple(len(phones) for phones in per_character),
            num_dropped=num_dropped,
        )

    def _clause_phones(self, clause: str) -> list[tuple[str, ...]]:
        """Return the phones of each character of a clause and its punctuation mark."""
        pinyin = read_in_context(clause, self.clause_pinyin(clause))
        fixed = self.fixed_readings(clause)
        phones: list[tuple[str, ...]] = []
        for word in merge_words(self._segmenter.words(clause), _dictionary_tones):
            start = len(phones)
            places = range(start, start + len(word.text))
            own = tuple((index - start, fixed[index]) for index in places if index in fixed) if fixed else ()
            phones.extend(self._word_phones(word, tuple(pinyin[start : places.stop]), own))
        return phones

    def _read_word(
        self, word: Word, pinyin: tuple[str, ...], fixed: tuple[tuple[int, str], ...]
    ) -> tuple[tuple[str, ...], ...]:
        """Return the phones of each character; `fixed` has syllables that are certain, by their index."""
        read = list(self.word_pinyin(word.text, pinyin))
        for index, syllable in fixed:
            read[index] = syllable
        syllables = [syllable[:-1] for syllable in read]
        tones = [syllable[-1] for syllable in read]
        change_tones(word, tones, self._segmenter.parts, self._lexicon)
        for index, syllable in fixed:
            if syllable[-1] != "3" or tones[index] != "2":  # a third tone still gives way to another
                tones[index] = syllable[-1]
        change_erhua(word, syllables, tones, self._lexicon)
        return tuple(
            syllable_phones(syllable + tone) for syllable, tone in zip(syllables, tones, strict=True)
        )
