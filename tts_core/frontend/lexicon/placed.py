"""A text with stand-ins where words with given readings are, so that front ends read the rest as ever.

Cutting the text at such words would take from the others what is read from their neighbours: tones, accents,
particles, BERT's context. So each of them is replaced by something that its language's front end is sure to
read in one known way, and that is found again in what comes out:

    en, yue     letters, or rare characters, that are spelled out; their phones are replaced
    zh          a rare character for each syllable, with the syllable's own tone, so that neighbours change
                theirs as they should; found again by `word2ph`, in the order in which they stood
    ja          a rare character, in a dictionary of this text's own, with reading and accent
    ko          the hangul that is to be read
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tts_core.errors import InvalidParameter, MissingDependency
from tts_core.frontend.languages import load_front_end
from tts_core.frontend.lexicon.mandarin import TONE_CHARS, restore_characters
from tts_core.frontend.lexicon.reading import Reading
from tts_core.frontend.lexicon.words import is_narrow, is_possessive
from tts_core.frontend.protocol import FrontEnd, Pronunciation, Readings

# No end of one is its beginning, so beside other letters nothing but itself, whole, can be taken for it.
_CODES = {
    "en": tuple(map("".join, itertools.permutations("ZQXVJ", 3))),
    "yue": tuple(map("".join, itertools.permutations("龘齾爨靐麤", 3))),
}
_RARE = 0x2A700  # an extension of Han whose characters no dictionary of Open JTalk's has
_NUM_RARE = 0x1000
_VOICELESS = frozenset("P T K F TH HH".split())  # noqa: SIM905
_SIBILANTS = frozenset("S Z SH ZH CH JH".split())  # noqa: SIM905


@dataclass(frozen=True)
class Slot:
    """Where a stand-in is in a run.

    Attributes:
        start: index of its first character.
        end: index after its last.
        reading: what it stands for.
        is_possessive: en: whether 's follows, which sounds as the word's end demands.
    """

    start: int
    end: int
    reading: Reading
    is_possessive: bool = False


Slots = tuple[Slot, ...]


@dataclass(frozen=True)
class PlacedRun:
    """A stretch of text in one language, stand-ins in their places.

    Attributes:
        language: "en", "zh", ...
        text: with the stand-ins.
        slots: where they are, in order.
    """

    language: str
    text: str
    slots: tuple[Slot, ...] = ()

    def pronounce(self, readings: Readings = "natural") -> Pronunciation:
        """Return what the language's front end makes of it, the given readings in their places.

        Args:
            readings: how the rest is read.

        Raises:
            UnsupportedLanguage, MissingDependency: as `load_front_end`.
        """
        if not self.slots:
            return load_front_end(self.language, readings).pronounce(self.text)
        return _READERS[self.language](self.text, self.slots, readings)


class Placer:
    """Builds runs from stretches of text and from words whose readings are given, whatever their language."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rare = (chr(code) for code in range(_RARE, _RARE + _NUM_RARE) if chr(code) not in text)
        self.runs: list[PlacedRun] = []

    def add_text(self, language: str, text: str) -> None:
        """Go on with text that is read as ever."""
        self._add(language, text)

    def add_word(self, start: int, end: int, reading: Reading) -> None:
        """Go on with a stand-in for `text[start:end]`."""
        is_english = reading.language == "en"
        if is_english and start and is_narrow(self._text[start - 1]):
            self._add("en", " ")
        stand_in = _stand_in(reading, self._rare)
        size = len(self._add(reading.language, stand_in).text)
        slot = Slot(size - len(stand_in), size, reading, is_possessive(self._text, end))
        run = self.runs[-1]
        self.runs[-1] = replace(run, slots=(*run.slots, slot))
        if is_english and is_narrow(self._text[end : end + 1] or " "):
            self._add("en", " ")

    def _add(self, language: str, text: str) -> PlacedRun:
        if self.runs and self.runs[-1].language == language:
            self.runs[-1] = replace(self.runs[-1], text=self.runs[-1].text + text)
        elif text:
            self.runs.append(PlacedRun(language, text))
        return self.runs[-1]


def _stand_in(reading: Reading, rare: Iterator[str]) -> str:
    if reading.language == "ko":
        return reading.spelling
    if reading.language == "ja":
        return next(rare)
    if reading.language == "zh":
        return "".join(TONE_CHARS[phones[-1][-1]] for phones in reading.syllables)
    return _CODES[reading.language][0]


def _read_mandarin(text: str, slots: Slots, readings: Readings) -> Pronunciation:
    read = load_front_end("zh", readings).pronounce(text)
    starts = [(slot.start, slot.end, slot.reading) for slot in slots]
    return restore_characters(text, starts, read)


def _read_korean(text: str, slots: Slots, readings: Readings) -> Pronunciation:
    return load_front_end("ko", readings).pronounce(text)


def _read_japanese(text: str, slots: Slots, readings: Readings) -> Pronunciation:
    words = tuple((text[slot.start : slot.end], slot.reading.spelling, slot.reading.accent) for slot in slots)
    read = _japanese_with(words).pronounce(text)
    spoken = read.text
    for slot in slots:
        spoken = spoken.replace(text[slot.start : slot.end], slot.reading.word)
    return replace(read, text=spoken)


@functools.lru_cache(64)
def _japanese_with(words: tuple[tuple[str, str, int], ...]) -> FrontEnd:
    """Return a front end that knows these words; making one takes 2 ms, and little memory is its own."""
    try:
        from tts_core.frontend import japanese
    except ModuleNotFoundError as error:
        raise MissingDependency(f"language 'ja' needs the package {error.name}") from error
    return japanese.FrontEnd([japanese.UserWord(*word) for word in words])


def _read_coded(language: str, text: str, slots: Slots, readings: Readings) -> Pronunciation:
    """Spell a code at each slot, and put the word's phones in place of the code's.

    The code is one that the rest of the text isn't read as: its phones occur as often as there are slots.
    """
    front_end = load_front_end(language, readings)
    for code in _CODES[language]:
        coded = _with_code(text, slots, code)
        mark = front_end.pronounce(code).phones
        read = front_end.pronounce(coded)
        starts = _occurrences(read.phones, mark)
        if len(starts) == len(slots):
            return _decoded(read, starts, len(mark), slots, code)
    raise InvalidParameter("the text leaves no room for words with phones", param=slots[0].reading.param)


def _with_code(text: str, slots: Slots, code: str) -> str:
    parts: list[str] = []
    done = 0
    for slot in slots:
        parts += (text[done : slot.start], code)
        done = slot.end
    return "".join((*parts, text[done:]))


def _occurrences(phones: tuple[str, ...], mark: tuple[str, ...]) -> list[int]:
    starts = (index for index, phone in enumerate(phones) if phone == mark[0])
    return [start for start in starts if phones[start : start + len(mark)] == mark]


def _decoded(read: Pronunciation, starts: list[int], size: int, slots: Slots, code: str) -> Pronunciation:
    phones: list[str] = []
    done = 0
    text = read.text
    for start, slot in zip(starts, slots, strict=True):
        given = slot.reading.phones
        phones += (*read.phones[done:start], *given)
        done = start + size
        if slot.is_possessive:
            done += 2 if read.phones[done : done + 2] in (("AH0", "Z"), ("IH0", "Z")) else 1
            phones += _possessive(given[-1])
        for spelled in (" ".join(code), code, code.capitalize()):
            if spelled in text:
                text = text.replace(spelled, slot.reading.word, 1)
                break
    return replace(read, text=text, phones=(*phones, *read.phones[done:]))


def _possessive(last: str) -> tuple[str, ...]:
    if last in _VOICELESS:
        return ("S",)
    return ("AH0", "Z") if last in _SIBILANTS else ("Z",)


_READERS: dict[str, Callable[[str, Slots, Readings], Pronunciation]] = {
    "en": functools.partial(_read_coded, "en"),
    "yue": functools.partial(_read_coded, "yue"),
    "zh": _read_mandarin,
    "ja": _read_japanese,
    "ko": _read_korean,
}
