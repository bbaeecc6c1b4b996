"""From a stream's audio and marks, as they come, to words with their times.

What comes out depends on the stream alone: not on how it was cut into pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tts_core.timing.estimate import Span, estimate
from tts_core.timing.marks import Cue, Word, WordMark

_BYTES_PER_SAMPLE = 2


class TimedWord(NamedTuple):
    """A word of the text, from `start` to before `end`, and the samples in which it is heard."""

    start: int
    end: int
    start_sample: int
    end_sample: int


class WordClock:
    """Gives words as soon as their times are known; holds the audio of the words that are still open.

    Where the engine marks words, each one begins at its mark. Words that it speaks as one, or doesn't mark,
    share the time from one mark to the next as `estimate` says. Words end where they fall silent.

    Args:
        rate_hz: of the stream's samples.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._words: Sequence[Word] = ()
        self._pcm = bytearray()
        self._start = 0  # position in the stream of what is held
        self._is_marked = False

    def add(self, pcm: bytes, start_sample: int, cues: Sequence[Cue] = ()) -> list[TimedWord]:
        """Take the next samples, and the marks among them, and return the words that are known by now."""
        timed: list[TimedWord] = []
        done = 0
        for cue in cues:
            at = min(max(done, (cue.start_sample - start_sample) * _BYTES_PER_SAMPLE), len(pcm))
            self._hold(pcm[done:at])
            done = at
            timed += self._heed(cue)
        self._hold(pcm[done:])
        return timed

    def finish(self) -> list[TimedWord]:
        """Say that the audio is complete, and return the rest of the words."""
        return list(self._close(len(self._words)))

    def _hold(self, pcm: bytes) -> None:
        if self._words:
            self._pcm += pcm
        else:
            self._start += len(pcm) // _BYTES_PER_SAMPLE

    def _heed(self, cue: Cue) -> list[TimedWord]:
        if isinstance(cue, WordMark):
            return self._reach(cue.position)
        timed = list(self._close(len(self._words)))
        self._words = cue.words
        return timed

    def _reach(self, position: int) -> list[TimedWord]:
        """Note that speech has got to a character: the words before it are over."""
        count = sum(word.end <= position for word in self._words)
        if count == 0 and self._is_marked:
            return []  # the inside of a word that has begun
        timed = list(self._close(count))
        self._is_marked = bool(self._words) and position >= self._words[0].start
        return timed

    def _close(self, count: int) -> Iterator[TimedWord]:
        """Time the first words over all that is held, and hold what comes from now on."""
        words, pcm, start = self._words[:count], bytes(self._pcm), self._start
        spans = estimate(words, pcm, self._rate_hz)
        if spans and self._is_marked:
            spans[0] = Span(0, spans[0].end)
        self._words = self._words[count:]
        self._pcm.clear()
        self._start += len(pcm) // _BYTES_PER_SAMPLE
        self._is_marked = False
        for word, span in zip(words, spans, strict=True):
            yield TimedWord(word.start, word.end, start + span.start, start + span.end)
