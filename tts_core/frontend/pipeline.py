"""From a piece of text to the phones that the model reads, with all that BERT needs to follow along."""

from __future__ import annotations

import dataclasses
import re

from tts_core.errors import EmptyInput
from tts_core.frontend.cut import with_end_mark
from tts_core.frontend.languages import canonical_language, unsupported
from tts_core.frontend.lexicon import Lexicon, place_words
from tts_core.frontend.scripts import Run, split_by_script
from tts_core.frontend.symbols import PUNCTUATION, symbol_table

# The reference puts a full stop before anything shorter, or its beginning is swallowed.
_MIN_PHONES = 6
_HAN_LANGUAGE = "zh"


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
        phones: symbols, for people.
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
    text: str, language: str, version: str = "v2", lexicon: Lexicon | None = None
) -> PhoneSequence:
    """Return the phones of one piece of text (see `cut`).

    Args:
        text: any text.
        language: a request language. "en" reads everything as English; "zh" and "all_zh" read Latin letters
            as English and the rest as Chinese; "auto" too, but refuses scripts of other languages.
        version: the model's version, which decides the symbol table.
        lexicon: words whose readings the server or the request gives.

    Raises:
        EmptyInput: nothing in the text can be spoken in this language.
        UnsupportedLanguage: the request language, or a script in an "auto" text, isn't supported.
        InvalidParameter: no such version.
    """
    language = canonical_language(language)
    text = re.sub(" {2,}", " ", text)
    sequence = _read(text, language, version, lexicon)
    if len(sequence) < _MIN_PHONES:
        return _read("." + text, language, version, lexicon)
    return sequence


def phonemize_prompt(text: str, language: str, version: str = "v2") -> PhoneSequence:
    """Return the phones of a reference recording's text, which gets a full stop where it lacks an end.

    Raises:
        EmptyInput, UnsupportedLanguage, InvalidParameter: as `phonemize`.
    """
    text = text.strip("\n")
    if not text:
        raise EmptyInput("the text of the reference recording is empty", param="prompt_text")
    return phonemize(with_end_mark(text, language.strip().lower()), language, version)


def _read(text: str, language: str, version: str, lexicon: Lexicon | None) -> PhoneSequence:
    table = symbol_table(version)
    phones: list[str] = []
    spans: list[PhoneSpan] = []
    num_dropped = 0
    for run in place_words(_runs(text, language), lexicon):
        read = run.pronounce()
        num_dropped += read.num_dropped
        if read.phones:
            spans.append(PhoneSpan(run.language, read.text, len(phones), len(read.phones), read.word2ph))
            phones.extend(read.phones)
    if all(phone in PUNCTUATION for phone in phones):
        raise EmptyInput(f"the text holds nothing that can be spoken in language {language!r}", param="text")
    return PhoneSequence(
        language=language,
        text="".join(span.text for span in spans),
        phones=tuple(phones),
        ids=table.ids(phones),
        spans=tuple(spans),
        num_dropped=num_dropped,
    )


def _runs(text: str, language: str) -> list[Run]:
    if language == "en":
        return [Run("en", text)]
    runs = split_by_script(text, default=_HAN_LANGUAGE)
    foreign = {run.language for run in runs} - {"en", _HAN_LANGUAGE}
    if foreign and language == "auto":
        raise unsupported(min(foreign))
    # In a Chinese request kana and hangul are the Chinese front end's to count and leave out.
    return _merged([run if run.language == "en" else Run(_HAN_LANGUAGE, run.text) for run in runs])


def _merged(runs: list[Run]) -> list[Run]:
    merged: list[Run] = []
    for run in runs:
        if merged and merged[-1].language == run.language:
            merged[-1] = Run(run.language, merged[-1].text + run.text)
        else:
            merged.append(run)
    return merged
