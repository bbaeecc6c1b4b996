"""What an ingress remembers of the speech it gave, so that listeners can come back for the rest of it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from deployments.http.form import Form
from deployments.speech import Origin
from tts_core.engine.chunks import SegmentMark
from tts_core.errors import UnknownSpeech

MAX_AGE_S = 600.0
MAX_SPEECHES = 1000
MAX_CHARS = 2_000_000


@dataclass
class Entry:
    """One speech.

    Attributes:
        origin: what it came from.
        sample_rate_hz: the engine's.
        form: of its answer, as bare audio.
        marks: where segments begin, as far as it was spoken.
        used_at_s: when it was last spoken or asked for, by the book's clock.
    """

    origin: Origin
    sample_rate_hz: int
    form: Form
    marks: list[SegmentMark] = field(default_factory=list)
    used_at_s: float = 0.0

    def note(self, mark: SegmentMark) -> None:
        """Note where a segment begins, if that is new."""
        if not self.marks or mark.segment > self.marks[-1].segment:
            self.marks.append(mark)

    def mark_before(self, start: int) -> SegmentMark:
        """Return the last segment known to begin at a sample or before, or else the beginning."""
        before = [mark for mark in self.marks if mark.start_sample <= start]
        return before[-1] if before else SegmentMark(0, 0)


class Book:
    """Speeches by who asked and what the answer was called; the latest of those that share a name.

    Bounded: beyond ten minutes without use, a thousand speeches or some millions of characters, those go
    first that were used longest ago. It dies with its process, and others know nothing of it.

    Args:
        clock: seconds, only going forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._num_chars = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Write a speech down."""
        self._remove(_key(entry))
        self._entries[_key(entry)] = entry
        self._num_chars += _size(entry)
        self.touch(entry)
        self._forget()

    def find(self, payer: str, name: str) -> Entry:
        """Return a speech of this payer's.

        Raises:
            UnknownSpeech: there is none, it is somebody else's, or it is forgotten.
        """
        self._forget()
        entry = self._entries.get((payer, name))
        if entry is None:
            raise UnknownSpeech(
                f"no speech {name!r} is known here; repeat its request with X-Resume-From-Sample",
                param="request_id",
            )
        self.touch(entry)
        return entry

    def touch(self, entry: Entry) -> None:
        """Say that a speech is in use. One that is forgotten stays so."""
        if self._entries.get(_key(entry)) is entry:
            entry.used_at_s = self._clock()
            self._entries.move_to_end(_key(entry))

    def _forget(self) -> None:
        while self._entries and self._is_too_much(next(iter(self._entries.values()))):
            self._remove(next(iter(self._entries)))

    def _is_too_much(self, oldest: Entry) -> bool:
        is_old = self._clock() - oldest.used_at_s > MAX_AGE_S
        return is_old or len(self) > MAX_SPEECHES or self._num_chars > MAX_CHARS

    def _remove(self, key: tuple[str, str]) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._num_chars -= _size(entry)


def _size(entry: Entry) -> int:
    """Return its characters: of the text, and of the words that came with their phones."""
    request = entry.origin.request
    pairs = (*request.lexicon, *request.inline_phones)
    return request.num_chars + sum(len(word) + len(phones) for word, phones in pairs)


def _key(entry: Entry) -> tuple[str, str]:
    return entry.origin.payer, entry.origin.name
