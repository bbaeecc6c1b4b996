"""When the words of a clause are heard, as far as its audio has come."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from deployments.http.captions import Caption, Captions
from deployments.speech import CountedSpeech
from deployments.websocket.clause_detector import Clause
from tts_core.engine.chunks import AudioChunk


@dataclass(frozen=True)
class HeardWord:
    """A word.

    Attributes:
        start, end: where it stands in its clause.
        start_s, end_s: when it is heard, in seconds of the clause's audio.
    """

    start: int
    end: int
    start_s: float
    end_s: float


class ClauseWords:
    """Collects the words of one clause while it is spoken.

    Args:
        captions: of its speech.
        offset: characters of the clause before those that `captions` knows of.
    """

    def __init__(self, captions: Captions, offset: int) -> None:
        self._captions, self._offset = captions, offset
        self._num_given, self._end = 0, 0

    @classmethod
    def of(cls, clause: Clause, speech: CountedSpeech) -> ClauseWords:
        """Return what collects the words of a speech that was just opened."""
        assert speech.origin is not None
        spoken = "".join(segment.text for segment in speech.origin.request.segments)
        offset = len(clause.text) - len(clause.text.lstrip())
        return cls(Captions(clause.text.strip(), spoken, speech.sample_rate_hz), offset)

    async def add(self, chunk: AudioChunk) -> tuple[HeardWord, ...]:
        """Take the next of the audio, and return the words that it completes."""
        await asyncio.to_thread(self._captions.add, chunk)
        return self._fresh()

    async def finish(self) -> tuple[HeardWord, ...]:
        """Say that the audio is complete, and return the rest of the words."""
        await asyncio.to_thread(self._captions.finish)
        return self._fresh()

    def _fresh(self) -> tuple[HeardWord, ...]:
        captions = self._captions.words[self._num_given :]
        self._num_given += len(captions)
        return tuple(word for caption in captions if (word := self._placed(caption)) is not None)

    def _placed(self, caption: Caption) -> HeardWord | None:
        """Return a word where it was written; None for what wasn't written, or was given before."""
        extent = self._captions.described(caption)
        start, end = extent["start_char"], extent["end_char"]
        if start is None or end + self._offset <= self._end:
            return None
        start = max(start + self._offset, self._end)
        self._end = end + self._offset
        return HeardWord(start, self._end, caption.start_s, caption.end_s)
