"""How far into its text a listener has heard: from what was sent, and what they play of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from deployments.websocket.clause_detector import Clause
from deployments.websocket.words import HeardWord
from tts_core.frontend.gaps import is_wide

_CHAR_S = 0.065
"""How long a character takes, before anything was learnt of this voice."""
_MAX_KEPT_CHARS = 20_000


@dataclass(frozen=True)
class Report:
    """What had been heard when speech ended early.

    Attributes:
        sent_ms: audio that was sent, since the context was opened or interrupted last.
        played_ms: how much of it was played: as the client said, or else in real time since it was sent.
        is_estimate: whether the client didn't say.
        spoken_text: what was heard, whole words only. The last 20,000 characters, if there were more.
        spoken_chars: characters that were heard, of all that arrived.
        unspoken_text: what arrived and wasn't.
    """

    sent_ms: int
    played_ms: int
    is_estimate: bool
    spoken_text: str
    spoken_chars: int
    unspoken_text: str


@dataclass
class _Passage:
    """A clause and its place in the audio, in seconds."""

    clause: Clause
    start_s: float
    end_s: float
    is_complete: bool = False
    words: list[HeardWord] = field(default_factory=list)


@dataclass
class Account:
    """Of one turn: from when a context was opened or interrupted, to when it is interrupted or ends."""

    _passages: deque[_Passage] = field(default_factory=deque)
    _num_kept: int = 0
    _sent_s: float = 0.0
    _dry_at_s: float = 0.0
    _char_s: float = _CHAR_S

    @property
    def sent_s(self) -> float:
        """Audio that was sent."""
        return self._sent_s

    def begin(self, clause: Clause) -> None:
        """Note that what is sent next is of this clause."""
        self._passages.append(_Passage(clause, self._sent_s, self._sent_s))
        self._num_kept += len(clause.text)
        while self._num_kept > _MAX_KEPT_CHARS and len(self._passages) > 1:
            self._num_kept -= len(self._passages.popleft().clause.text)

    def add(self, audio_s: float, now_s: float) -> None:
        """Note audio of the clause begun last, or of its pause, as it is sent."""
        self._sent_s += audio_s
        self._dry_at_s = max(self._dry_at_s, now_s) + audio_s
        passage = self._passages[-1]
        if not passage.is_complete:
            passage.end_s = self._sent_s

    def note(self, words: Iterable[HeardWord]) -> None:
        """Note when words of the clause begun last are heard."""
        self._passages[-1].words += words

    def complete(self) -> None:
        """Note that all speech of the clause was sent."""
        passage = self._passages[-1]
        passage.is_complete = True
        self._char_s = (passage.end_s - passage.start_s) / max(1, len(passage.clause.text)) or self._char_s

    def remaining_s(self) -> float:
        """Return about how much of the present clause hasn't been sent."""
        passage = self._passages[-1]
        return passage.start_s + self._expected_s(passage) - self._sent_s

    def report(self, played_s: float | None, now_s: float, pending: str) -> Report:
        """Return what was heard by now.

        Args:
            played_s: how much the client says that it played, if it does.
            now_s: by the monotonic clock.
            pending: text that arrived and was never begun.
        """
        reckoned_s = self._sent_s - max(0.0, self._dry_at_s - now_s)
        heard_s = reckoned_s if played_s is None else min(max(0.0, played_s), self._sent_s)
        text = "".join(passage.clause.text for passage in self._passages)
        start = self._passages[0].clause.start if self._passages else 0
        num_heard = self._num_heard(heard_s)
        return Report(
            sent_ms=round(1000 * self._sent_s),
            played_ms=round(1000 * heard_s),
            is_estimate=played_s is None,
            spoken_text=text[:num_heard],
            spoken_chars=start + num_heard,
            unspoken_text=text[num_heard:] + pending,
        )

    def _num_heard(self, heard_s: float) -> int:
        """Return how many of the kept characters were heard: words that were heard to their end."""
        num_chars = 0
        for passage in self._passages:
            if not (passage.is_complete and heard_s >= passage.end_s):
                return num_chars + self._num_heard_of(passage, heard_s - passage.start_s)
            num_chars += len(passage.clause.text)
        return num_chars

    def _num_heard_of(self, passage: _Passage, heard_s: float) -> int:
        """Return how many characters of a clause were heard in its first seconds."""
        if passage.words:
            return max((word.end for word in passage.words if word.end_s <= heard_s), default=0)
        text = passage.clause.text
        share = heard_s / max(self._expected_s(passage), 1e-3)
        return _whole_words(text, int(max(0.0, min(share, 1.0)) * len(text)))

    def _expected_s(self, passage: _Passage) -> float:
        """Return how long the clause is, or about how long it will be."""
        so_far_s = passage.end_s - passage.start_s
        if passage.is_complete:
            return so_far_s
        return max(so_far_s, len(passage.clause.text) * self._char_s)


def _whole_words(text: str, size: int) -> int:
    """Return the end of the last word that ends by `size`."""
    while 0 < size < len(text) and not (_is_edge(text[size - 1]) or _is_edge(text[size])):
        size -= 1
    return size


def _is_edge(char: str) -> bool:
    return not char.isalnum() or is_wide(char)
