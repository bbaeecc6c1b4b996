"""All the readings that hold for one request."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from tts_core.errors import InvalidParameter
from tts_core.frontend.lexicon.inline import InlinePhones, marked_word
from tts_core.frontend.lexicon.placed import PlacedRun, Placer
from tts_core.frontend.lexicon.reading import BadReading, Reading, parse_reading
from tts_core.frontend.lexicon.words import Words, key_of
from tts_core.frontend.scripts import Run

Match = tuple[int, int, Reading]


class Lexicon:
    """The words of a server, of a request, and of places in its text. Belongs to one request.

    The longest word wins; of equal ones, the request's. What was given at a place beats both.

    Args:
        language: of the request: says whether syllables with tones are Mandarin's or Cantonese's.
        server: words of the server, which count where their own language is read.
        words: the request's: word to phones.
        inline: phones of the words that are marked in the text, by their numbers.

    Raises:
        InvalidParameter: a word or its phones can't be taken; the message names it.
    """

    def __init__(
        self,
        language: str,
        server: Words | None = None,
        words: Iterable[tuple[str, str]] = (),
        inline: Sequence[InlinePhones] = (),
    ) -> None:
        han_language = "yue" if "yue" in language.lower() else "zh"
        given = [_parse(word, phones, han_language, "lexicon") for word, phones in words]
        self._inline = [_parse(word, phones, han_language, "input") for word, phones in inline]
        _check_unique(given)
        self._layers = [Words(given, any_language=True), server or Words()]

    def __bool__(self) -> bool:
        return bool(self._inline) or any(map(len, self._layers))

    def place(self, runs: Iterable[Run]) -> list[PlacedRun]:
        """Return the runs with stand-ins where words of the lexicon are, each in its phones' language."""
        runs = list(runs)
        text = "".join(run.text for run in runs)
        languages = [run.language for run in runs for _ in run.text]
        placer = Placer(text)
        done = 0
        for start, end, reading in self._matches(text, languages):
            _add_text(placer, text, languages, done, start)
            placer.add_word(start, end, reading)
            done = end
        _add_text(placer, text, languages, done, len(text))
        return placer.runs

    def _matches(self, text: str, languages: list[str]) -> Iterator[Match]:
        key, index = key_of(text), 0
        while index < len(text):
            match = self._match(text, key, index, languages)
            if match is not None:
                yield match
            index = match[1] if match is not None else index + 1

    def _match(self, text: str, key: str, index: int, languages: list[str]) -> Match | None:
        marked = marked_word(text, index)
        if marked is not None:
            number, end = marked
            return (index, end, self._inline[number]) if number < len(self._inline) else None
        found = [reading for layer in self._layers if (reading := layer.longest(key, index, languages))]
        if not found:
            return None
        reading = max(found, key=lambda reading: len(reading.word))  # the first of equals
        return index, index + len(reading.word), reading


def _check_unique(readings: Iterable[Reading]) -> None:
    seen: set[str] = set()
    for reading in readings:
        key = key_of(reading.word)
        if key in seen:
            raise InvalidParameter(f"lexicon: {reading.word!r} is there twice", param="lexicon")
        seen.add(key)


def _add_text(placer: Placer, text: str, languages: Sequence[str], start: int, end: int) -> None:
    for language, indices in itertools.groupby(range(start, end), languages.__getitem__):
        first, *rest = indices
        placer.add_text(language, text[first : (rest or [first])[-1] + 1])


def place_words(runs: Iterable[Run], lexicon: Lexicon | None) -> list[PlacedRun]:
    """Return the runs as they are to be read, with the words of a lexicon where there is one."""
    return lexicon.place(runs) if lexicon else [PlacedRun(run.language, run.text) for run in runs]


def _parse(word: str, phones: str, han_language: str, param: str) -> Reading:
    try:
        return parse_reading(word, phones, han_language=han_language, param=param)
    except BadReading as error:
        raise InvalidParameter(f"{param}: {error}", param=param) from error
