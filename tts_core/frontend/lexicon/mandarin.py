"""Stand-ins for Mandarin syllables, and the way back: characters, alignment and phones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tts_core.frontend.lexicon.reading import Reading
from tts_core.frontend.protocol import Pronunciation

# One reading each, in no word of the dictionaries. Text keeps its Han characters through normalisation, so
# those of a text's own are told from stand-ins by their order.
TONE_CHARS = {"1": "麤", "2": "龘", "3": "皛", "4": "靐", "5": "齾"}
_ALL = frozenset(TONE_CHARS.values())
_Group = tuple[int, int, Reading]


def restore_characters(
    text: str, groups: Sequence[tuple[int, int, Reading]], read: Pronunciation
) -> Pronunciation:
    """Return `read` with words and their phones in place of stand-ins.

    The alignment holds: as many phones per character as before elsewhere, and a word's own spread over its
    characters, one syllable each where they are as many.

    Args:
        text: what was read.
        groups: start, end and reading of each stand-in in it, in order.
        read: what the front end made of it; with `word2ph`.
    """
    assert read.word2ph is not None
    places = list(_places(text, groups, read.text))
    chars: list[str] = []
    phones: list[str] = []
    counts: list[int] = []
    starts = _starts(read.word2ph)
    done = 0
    for start, end, reading in (*places, (len(read.text), len(read.text), None)):
        chars += read.text[done:start]
        counts += read.word2ph[done:start]
        phones += read.phones[starts[done] : starts[start]]
        if reading is not None:
            word, spread = _aligned(reading)
            chars += word
            counts += spread
            phones += reading.phones
        done = end
    return replace(read, text="".join(chars), phones=tuple(phones), word2ph=tuple(counts))


def _places(text: str, groups: Sequence[_Group], normalised: str) -> Iterator[_Group]:
    """Yield where each group is in the normalised text."""
    before = [index for index, char in enumerate(text) if char in _ALL]
    after = [index for index, char in enumerate(normalised) if char in _ALL]
    index_of = dict(zip(before, after, strict=True))
    for start, end, reading in groups:
        yield index_of[start], index_of[end - 1] + 1, reading


def _starts(counts: Sequence[int]) -> list[int]:
    starts = [0]
    for count in counts:
        starts.append(starts[-1] + count)
    return starts


def _aligned(reading: Reading) -> tuple[str, list[int]]:
    """Return a word's characters as BERT gets them, and the phones of each."""
    word = "".join(char for char in reading.word.lower() if char.isalnum())
    if len(word) == len(reading.syllables):
        return word, [len(phones) for phones in reading.syllables]
    num_phones, size = len(reading.phones), len(word)
    bounds = [index * num_phones // size for index in range(size + 1)]
    return word, [end - start for start, end in itertools.pairwise(bounds)]
