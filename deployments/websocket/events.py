"""What a context tells its listener, whatever the protocol."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.websocket.clause_detector import Clause
from deployments.websocket.spoken import Report
from deployments.websocket.words import HeardWord
from tts_core.errors import PolyvoxError


@dataclass(frozen=True)
class Event:
    """Something that happened in a context.

    Attributes:
        context_id: which one.
    """

    context_id: str


@dataclass(frozen=True)
class ClauseBegun(Event):
    """A clause is about to be heard.

    Attributes:
        index: its number since the context was opened or interrupted.
        clause: its text.
        seed: what it is spoken with: the same text with it, sent by HTTP, is the same speech.
        request_id: names it in the server's log.
        start_ms: where it begins in the context's audio.
    """

    index: int
    clause: Clause
    seed: int
    request_id: str
    start_ms: int


@dataclass(frozen=True)
class Audio(Event):
    """Encoded audio, of the clause begun last."""

    index: int
    data: bytes


@dataclass(frozen=True)
class WordsHeard(Event):
    """A stretch of a clause's text, and when it is heard; stretches follow one another without a gap.

    Attributes:
        index: the clause's number.
        clause: the clause.
        first, last: where in its text the stretch begins, and where it ends.
        words: the words in it.
        start_s: where the clause begins in the context's audio.
        from_s, until_s: where the stretch begins and ends in the clause's audio.
    """

    index: int
    clause: Clause
    first: int
    last: int
    words: tuple[HeardWord, ...]
    start_s: float
    from_s: float
    until_s: float


@dataclass(frozen=True)
class ClauseEnded(Event):
    """A clause was sent as a whole.

    Attributes:
        end_ms: where it ends in the context's audio, its pause included.
        num_dropped: letters and digits of its text that weren't spoken.
    """

    index: int
    end_ms: int
    num_dropped: int


@dataclass(frozen=True)
class ClauseSkipped(Event):
    """A clause has nothing in it that can be spoken."""

    clause: Clause


@dataclass(frozen=True)
class Flushed(Event):
    """All that came before a flush was sent."""


@dataclass(frozen=True)
class Interrupted(Event):
    """The context fell silent, and may be given other text."""

    report: Report


@dataclass(frozen=True)
class Failed(Event):
    """A clause couldn't be spoken, and what came after it isn't.

    Attributes:
        error: why.
        report: what had been spoken, and what never will be.
    """

    error: PolyvoxError
    report: Report


@dataclass(frozen=True)
class Done(Event):
    """The context was ended, and all of it was sent."""

    audio_ms: int
