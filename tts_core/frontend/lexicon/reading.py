"""One word and how it is read, in its language's own notation.

    en      ARPAbet, in capitals, vowels with their stress       HH AH0 L OW1
    zh      pinyin with tone digits, 5 for neutral               chong2 qing4
    yue     Jyutping                                             hoeng1 gong2
    ja      kana, perhaps the number of the mora after which     トーキョー 0
            the pitch falls (0, where it is left out: it doesn't)
    ko      hangul, as it sounds                                 구글

The notations of English, Japanese and Korean can't be confused with another; pinyin and Jyutping are told
apart by the language of the request.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from tts_core.frontend.symbols import UNK
from tts_core.frontend.symbols.parts import arpa

LANGUAGES = ("en", "zh", "yue", "ja", "ko")
MAX_WORD_CHARS = 60
MAX_PHONES_CHARS = 400

_ARPA = frozenset(arpa())
_ARPABET = re.compile(r"[A-Z]+[0-9]?(?:\s+[A-Z]+[0-9]?)*")
_ROMANISED = re.compile(r"(?:[a-z]+[0-9]\s*)+")
_SYLLABLE = re.compile(r"[a-z]+[0-9]")
_KANA = re.compile(r"([\u3041-\u3096\u30a1-\u30f4ー]+)(?:\s*([0-9]{1,2}))?")
_HANGUL = re.compile(r"[\uac00-\ud7a3]+(?:\s+[\uac00-\ud7a3]+)*")
_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


class BadReading(ValueError):
    """A word or its phones can't be taken; the message says why, and names the word."""


@dataclass(frozen=True)
class Reading:
    """A word and its phones.

    Attributes:
        word: as it is written.
        language: which front end reads it.
        syllables: phones of each syllable (zh, yue), or of the whole word at once (en); none in ja and ko.
        spelling: katakana (ja) or hangul (ko) to read in its place; "" in the others.
        accent: ja: the number of the mora after which the pitch falls.
        param: the request parameter that gave it.
    """

    word: str
    language: str
    syllables: tuple[tuple[str, ...], ...] = ()
    spelling: str = ""
    accent: int = 0
    param: str = "lexicon"

    @property
    def phones(self) -> tuple[str, ...]:
        return tuple(phone for syllable in self.syllables for phone in syllable)


def notation_language(notation: str, han_language: str) -> str | None:
    """Return the language whose notation this is, or None. `han_language` decides between zh and yue."""
    for pattern, language in ((_ARPABET, "en"), (_ROMANISED, han_language), (_KANA, "ja"), (_HANGUL, "ko")):
        if pattern.fullmatch(_tidy(notation)):
            return language
    return None


def parse_reading(
    word: str, notation: str, language: str | None = None, *, han_language: str = "zh", param: str = "lexicon"
) -> Reading:
    """Return a word's reading.

    Args:
        word: as it is written.
        notation: its phones.
        language: one of `LANGUAGES`, or None to tell it from the notation.
        han_language: whether syllables with tones are "zh" or "yue", where `language` doesn't say.
        param: the request parameter that they came in.

    Raises:
        BadReading: the word is empty or too long, or the phones aren't in the language's notation, or not in
            the symbol table.
    """
    _check_word(word)
    if len(notation) > MAX_PHONES_CHARS:
        raise BadReading(f"the phones of {word!r} have more than {MAX_PHONES_CHARS} characters")
    text = _tidy(notation)
    found = notation_language(text, language if language in ("zh", "yue") else han_language)
    if found is None or language not in (None, found):
        raise BadReading(f"{word!r}: {notation!r} is no reading{_expected(language)}")
    if found == "en":
        return Reading(word, found, (_arpabet(word, text),), param=param)
    if found == "ja":
        return _kana(word, text, param)
    if found == "ko":
        return Reading(word, found, spelling=" ".join(text.split()), param=param)
    return Reading(word, found, _syllables(word, text, found), param=param)


def _check_word(word: str) -> None:
    if not any(char.isalnum() for char in word) or word != word.strip() or not word.isprintable():
        raise BadReading(f"{word!r} is no word: it needs a letter or a digit, and no space around it")
    if len(word) > MAX_WORD_CHARS:
        raise BadReading(f"{word[:20]!r}… has more than {MAX_WORD_CHARS} characters")


def _tidy(notation: str) -> str:
    text = unicodedata.normalize("NFC", notation).strip()
    return text.replace("u:", "v").replace("ü", "v") if text.isascii() or "ü" in text else text


def _expected(language: str | None) -> str:
    forms = {
        "en": "ARPAbet such as 'HH AH0 L OW1'",
        "zh": "pinyin such as 'zhong1 guo2'",
        "yue": "Jyutping such as 'hoeng1 gong2'",
        "ja": "kana such as 'トーキョー' or 'ハシ 1'",
        "ko": "hangul such as '구글'",
    }
    wanted = [forms[language]] if language in forms else list(forms.values())
    return f"; it takes {', or '.join(wanted)}"


def _arpabet(word: str, text: str) -> tuple[str, ...]:
    phones = tuple(text.split())
    for phone in phones:
        if phone not in _ARPA:
            stress = " (a vowel needs its stress, 0 to 2)" if f"{phone}0" in _ARPA else ""
            raise BadReading(f"{word!r}: {phone!r} is no phone of English{stress}")
    return phones


def _syllables(word: str, text: str, language: str) -> tuple[tuple[str, ...], ...]:
    # Each imports its language's dictionary, which the other languages do without.
    if language == "yue":
        from tts_core.frontend.cantonese.syllables import syllable_phones
    else:
        from tts_core.frontend.chinese.syllables import syllable_phones
    syllables = _SYLLABLE.findall(text)
    found = []
    for syllable in syllables:
        phones = syllable_phones(syllable)
        if not phones or UNK in phones:
            name = "Cantonese" if language == "yue" else "Mandarin"
            raise BadReading(f"{word!r}: {syllable!r} is no syllable of {name}")
        found.append(phones)
    return tuple(found)


def _kana(word: str, text: str, param: str) -> Reading:
    match = _KANA.fullmatch(text)
    assert match is not None
    spelling, accent = match[1].translate(_HIRAGANA_TO_KATAKANA), int(match[2] or 0)
    num_morae = len(re.sub("[ァィゥェォャュョヮ]", "", spelling))
    if spelling[0] in "ーッンァィゥェォャュョヮ" or accent > num_morae:
        raise BadReading(f"{word!r}: {text!r} isn't spoken so: it has {num_morae} morae")
    return Reading(word, "ja", spelling=spelling, accent=accent, param=param)
