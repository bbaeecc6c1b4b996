"""From a piece of text to the phones that the model reads, with all that BERT needs to follow along."""

from __future__ import annotations

import dataclasses
import re

from tts_core.errors import EmptyInput
from tts_core.frontend.cut import with_end_mark
from tts_core.frontend.han_context import CHINESE, decide_han
from tts_core.frontend.languages import (
    RequestLanguage,
    check_spoken,
    reads_latin,
    request_language,
    scripts_of,
)
from tts_core.frontend.lexicon import Lexicon, place_words
from tts_core.frontend.protocol import Readings
from tts_core.frontend.reference_runs import SIGNS, reference_runs, reference_stretches
from tts_core.frontend.scripts import (
    DIGITS,
    Run,
    Stretch,
    folded,
    keep_units,
    read_digits,
    runs_of,
    stretches,
)
from tts_core.frontend.symbols import PUNCTUATION, UNK, symbol_table

# The reference puts a full stop before anything shorter, or its beginning is swallowed.
_MIN_PHONES = 6


@dataclasses.dataclass(frozen=True)
class PhoneSpan:
    """A stretch of one language.

    Attributes:
        language: "en", "zh", ...
        text: normalised text; the input of BERT where `word2ph` is given.
        start: index of its first phone in the sequence.
        num_phones: how many phones are its own.
        word2ph: phones per character of `text`, summing to `num_phones`; None where BERT features are zeros.
    """

    language: str
    text: str
    start: int
    num_phones: int
    word2ph: tuple[int, ...] | None


@dataclasses.dataclass(frozen=True)
class PhoneSequence:
    """What T2S and SoVITS read for one piece of text.

    Attributes:
        language: the request language, canonical.
        text: normalised text of all spans.
        phones: symbols of the table, for people; UNK for sounds and marks that this version lacks.
        ids: the symbols' ids in the table of the model's version.
        spans: the stretches of one language, in order; together they cover all phones.
        num_dropped: letters and digits of the input that their language can't speak.
    """

    language: str
    text: str
    phones: tuple[str, ...]
    ids: tuple[int, ...]
    spans: tuple[PhoneSpan, ...]
    num_dropped: int = 0

    def __len__(self) -> int:
        return len(self.ids)


def phonemize(
    text: str,
    language: str,
    version: str = "v2",
    lexicon: Lexicon | None = None,
    readings: Readings = "natural",
) -> PhoneSequence:
    """Return the phones of one piece of text (see `cut`).

    Args:
        text: any text.
        language: a request language, in any case. "en" reads everything as English. "zh", "ja", "ko" and
            "yue" read Latin letters as English and all else in their language, digits by what is around
            them; "all_zh", "all_ja", ... the same, and all digits in their language. "auto", "auto_yue" and
            "auto_ja" read every script in its own language, Han characters by their context, and where that
            tells nothing in Mandarin, Cantonese or Japanese.
        version: the model's version, which decides the symbol table.
        lexicon: words whose readings the server or the request gives.
        readings: "natural" as people would read it, "reference" as GPT-SoVITS's own front end does.

    Raises:
        EmptyInput: nothing in the text can be spoken in this language.
        UnsupportedLanguage: the request language, or one in an "auto" text, isn't supported by this version.
        InvalidParameter: no such version or readings.
        MissingDependency: a package of a language isn't installed.
    """
    request = request_language(language, version, readings)
    text = re.sub(" {2,}", " ", text)
    sequence = _read(text, request, version, lexicon)
    if len(sequence) < _MIN_PHONES:
        return _read("." + text, request, version, lexicon)
    return sequence


def holds_speech(text: str, language: str, version: str = "v2", readings: Readings = "natural") -> bool:
    """Return whether there is something to say in a piece of text. Loads a language only where in doubt.

    Raises:
        UnsupportedLanguage, InvalidParameter, MissingDependency: as `phonemize`.
    """
    request = request_language(language, version, readings)
    plain, found = _stretches(text, request)
    if request.detects:
        for stretch in decide_han(plain, found, request.language):
            check_spoken(request.language if stretch.kind in (DIGITS, SIGNS) else stretch.kind, version)
        is_certain = any(stretch.kind != SIGNS for stretch in found)
    else:
        is_certain = not scripts_of(request.language).isdisjoint(stretch.kind for stretch in found)
    try:
        return is_certain or bool(_read(text, request, version, None))
    except EmptyInput:
        return False


def settle(text: str, language: str) -> str:
    """Return the request language for the pieces of a whole text.

    That is "auto_ja" instead of "auto" where there are kana and no Han characters seem Chinese: a sentence in
    Han characters alone is Japanese then too. Any other language is returned as it is.
    """
    if language.strip().lower() != "auto":
        return language
    plain = folded(text)
    kinds = {stretch.kind for stretch in decide_han(plain, stretches(plain), CHINESE)}
    return "auto_ja" if "ja" in kinds and CHINESE not in kinds else language


def phonemize_prompt(
    text: str, language: str, version: str = "v2", readings: Readings = "natural"
) -> PhoneSequence:
    """Return the phones of a reference recording's text, which gets a full stop where it lacks an end.

    Raises:
        EmptyInput, UnsupportedLanguage, InvalidParameter, MissingDependency: as `phonemize`.
    """
    text = text.strip("\n")
    if not text:
        raise EmptyInput("the text of the reference recording is empty", param="prompt_text")
    return phonemize(with_end_mark(text, language.strip().lower()), language, version, readings=readings)


def _read(text: str, request: RequestLanguage, version: str, lexicon: Lexicon | None) -> PhoneSequence:
    table = symbol_table(version)
    phones: list[str] = []
    spans: list[PhoneSpan] = []
    num_dropped = 0
    for run in place_words(_runs(text, request), lexicon):
        check_spoken(run.language, version)
        read = run.pronounce(request.readings)
        num_dropped += read.num_dropped
        if read.phones:
            spans.append(PhoneSpan(run.language, read.text, len(phones), len(read.phones), read.word2ph))
            phones.extend(read.phones)
    if all(phone in PUNCTUATION for phone in phones):
        raise EmptyInput(
            f"the text holds nothing that can be spoken in language {request.name!r}", param="text"
        )
    return PhoneSequence(
        language=request.name,
        text="".join(span.text for span in spans),
        phones=tuple(phone if phone in table else UNK for phone in phones),
        ids=table.ids(phones),
        spans=tuple(spans),
        num_dropped=num_dropped,
    )


def _runs(text: str, request: RequestLanguage) -> list[Run]:
    if not request.embeds_english:
        return [Run(request.language, text)]
    plain, found = _stretches(text, request)
    if request.detects:
        found = decide_han(plain, found, request.language)
    else:
        # Scripts of other languages are this one's front end's to read, or to count and leave out.
        found = [_own(stretch, request.language) for stretch in found]
    if request.readings == "natural":
        found = keep_units(plain, found, request.language, reads_latin)
    if request.keeps_digits:
        found = [one._replace(kind=request.language) if one.kind in (DIGITS, SIGNS) else one for one in found]
    if request.readings == "reference":
        return reference_runs(text, found, request.language)
    return runs_of(text, read_digits(plain, found, request.language), request.language)


def _stretches(text: str, request: RequestLanguage) -> tuple[str, list[Stretch]]:
    """Return the text in which letters and marks are plain, of the same length, and its stretches."""
    plain = folded(text)
    return plain, reference_stretches(text) if request.readings == "reference" else stretches(plain)


def _own(stretch: Stretch, language: str) -> Stretch:
    return stretch if stretch.kind in ("en", DIGITS, SIGNS) else stretch._replace(kind=language)
