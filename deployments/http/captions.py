"""When the words and sentences of a speech are heard, told in terms of the text as its listener wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal, NamedTuple

from deployments.speech import CountedSpeech
from tts_core.engine.chunks import AudioChunk
from tts_core.frontend.lexicon import split_marked, without_marks
from tts_core.frontend.source_map import SourceMap
from tts_core.frontend.words import Extent, joined
from tts_core.timing.clock import TimedWord, WordClock

Granularity = Literal["word", "sentence"]

_NO_LIMIT = 1 << 30


class Caption(NamedTuple):
    """A word or a sentence, and when it is heard.

    Attributes:
        start, end: where it stands in the text as it is spoken.
        start_s, end_s: seconds of the audio, whole milliseconds, never beyond its end.
    """

    start: int
    end: int
    start_s: float
    end_s: float


class Captions:
    """Collects captions while a speech is given. Used by one thread at a time.

    Args:
        source: the text as it was written.
        spoken: the text that the engine was given: its segments, joined.
        rate_hz: of the speech.
        delay_s: how much later it is heard in what is made of it.
    """

    def __init__(self, source: str, spoken: str, rate_hz: int, delay_s: float = 0.0) -> None:
        self._spoken = spoken
        self._map = SourceMap(source, spoken)
        self._rate_hz = rate_hz
        self._delay_samples = int(delay_s * rate_hz)
        self._clock = WordClock(rate_hz)
        self._sentences = [*reversed(joined(split_marked(spoken, _NO_LIMIT)))]
        self._open: list[Caption] = []
        self.words: list[Caption] = []
        self.sentences: list[Caption] = []

    def add(self, chunk: AudioChunk) -> None:
        """Take the next of the audio."""
        self._note(self._clock.add(chunk.pcm, chunk.start_sample, chunk.cues))

    def finish(self) -> None:
        """Say that the audio is complete."""
        self._note(self._clock.finish())
        self._end_sentence()

    def text(self, start: int, end: int) -> str:
        """Return what is spoken from one character to before another, as people read it."""
        return without_marks(self._spoken[start:end])

    def described(self, caption: Caption) -> dict[str, Any]:
        """Return a caption for clients: its text as it was written, or as it is spoken where that is new."""
        extent = self._map.extent(caption.start, caption.end)
        text = self.text(caption.start, caption.end) if extent is None else self._map.source[slice(*extent)]
        start_char, end_char = extent or (None, None)
        return {
            "text": text.strip(),
            "start": caption.start_s,
            "end": caption.end_s,
            "start_char": start_char,
            "end_char": end_char,
        }

    def _note(self, words: list[TimedWord]) -> None:
        for word in words:
            caption = Caption(
                word.start, word.end, self._seconds(word.start_sample), self._seconds(word.end_sample)
            )
            self.words.append(caption)
            while self._sentences and self._sentences[-1][1] <= word.start:
                self._end_sentence()
            self._open.append(caption)
            if self._sentences and not self._has_more(word.end, self._sentences[-1][1]):
                self._end_sentence()

    def _end_sentence(self) -> None:
        words, self._open = self._open, []
        start, end = self._trimmed(self._sentences.pop()) if self._sentences else (0, 0)
        if words:
            self.sentences.append(Caption(start, end, words[0].start_s, words[-1].end_s))

    def _trimmed(self, extent: Extent) -> Extent:
        start, end = extent
        text = self._spoken[start:end]
        return end - len(text.lstrip()), start + len(text.rstrip())

    def _has_more(self, start: int, end: int) -> bool:
        return any(map(str.isalnum, self._spoken[start:end]))

    def _seconds(self, sample: int) -> float:
        return (sample + self._delay_samples) * 1000 // self._rate_hz / 1000


class CaptionedSpeech(CountedSpeech):
    """Speech whose captions are collected while it is listened to."""

    def __init__(self, speech: CountedSpeech, captions: Captions) -> None:
        super().__init__(speech, 0, speech.model, speech.origin)
        self._captions = captions

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """Yield the audio. When a chunk is there, so are the captions that it completes."""
        async for chunk in super().chunks():
            # In a thread: the end of a long sentence takes some milliseconds.
            await asyncio.to_thread(self._captions.add, chunk)
            yield chunk
        await asyncio.to_thread(self._captions.finish)
