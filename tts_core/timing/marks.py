"""What an engine says of the words in its audio. Sent with the audio, in order, only where it is asked for.

A `TextMark` begins a piece of text and lists its words. While it is spoken, `WordMark`s may say where it has
got to, from an engine that knows. It ends with the next `TextMark`, which has no words where a pause follows,
or with the audio. Characters are counted in the text of a request's segments, joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Word(NamedTuple):
    """A word as it is written.

    Attributes:
        start: index of its first character.
        end: index after its last.
        typical_ms: how long it takes to say, roughly; only the ratio to its neighbours' counts.
        gap: what follows it: 3 the end of a sentence, 2 of a clause, 1 a space, 0 the next word at once.
    """

    start: int
    end: int
    typical_ms: float
    gap: int = 1


@dataclass(frozen=True)
class TextMark:
    """A piece of text begins to be spoken, or a pause.

    Attributes:
        start_sample: position in the stream of what follows.
        words: of the piece, in the order in which they are spoken; none in a pause.
    """

    start_sample: int
    words: tuple[Word, ...]


@dataclass(frozen=True)
class WordMark:
    """The speech has got to a character of the text.

    Attributes:
        start_sample: position in the stream at which it is begun.
        position: which character.
    """

    start_sample: int
    position: int


Cue = TextMark | WordMark
