"""A speech source whose every move a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from tts_core.engine.chunks import AudioChunk, SegmentMark
from tts_core.errors import PolyvoxError, UnknownVoice
from tts_core.request import SynthesisRequest
from tts_core.timing.marks import Cue
from tts_core.voice import VoiceInfo

RATE_HZ = 22_050


def tone(seconds: float) -> bytes:
    """Return mono PCM that can't be mistaken for silence."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (12_000 * np.sin(2 * np.pi * 330 * times)).astype("<i2").tobytes()


class FakeSpeech:
    def __init__(self, source: FakeSource, first_segment: int = 0) -> None:
        self._source, self._first_segment = source, first_segment
        self.closed = False
        self.delivered: list[int] = []

    @property
    def sample_rate_hz(self) -> int:
        return RATE_HZ

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        start = 0
        for segment, pcm in list(enumerate(self._source.pieces))[self._first_segment :]:
            end = start + len(pcm) // 2
            cues = tuple(cue for cue in self._source.cues if start <= cue.start_sample < end)
            chunk = AudioChunk(pcm, start, (SegmentMark(segment, start),), cues)
            start = end
            yield chunk
            await asyncio.sleep(self._source.pause_s)
        if self._source.breaks_with is not None:
            raise self._source.breaks_with

    @property
    def fingerprint(self) -> str:
        return self._source.fingerprint

    @property
    def num_dropped(self) -> int:
        return self._source.num_dropped

    def acknowledge(self, num_delivered: int) -> None:
        self.delivered.append(num_delivered)

    def close(self) -> None:
        self.closed = True


class FakeSource:
    """Speaks `pieces`, each a segment, whatever is asked; refuses with `refuses_with`, breaks off with
    `breaks_with`."""

    def __init__(self) -> None:
        self.pieces = [tone(0.1), tone(0.5), tone(1.0)]
        self.pause_s = 0.0
        self.num_dropped = 0
        self.cues: list[Cue] = []
        self.fingerprint = "these tones"
        self.refuses_with: PolyvoxError | None = None
        self.breaks_with: PolyvoxError | None = None
        self.requests: list[SynthesisRequest] = []
        self.payers: list[str] = []
        self.checked: list[str] = []
        self.speeches: list[FakeSpeech] = []

    @property
    def models(self) -> tuple[str, ...]:
        return ("formant", "other")

    async def voices(self) -> tuple[VoiceInfo, ...]:
        return (VoiceInfo("en-us", "English (America)", "en-US", "formant"),)

    def check_room(self, model: str) -> None:
        self.checked.append(model)

    async def open(self, request: SynthesisRequest, payer: str = "") -> FakeSpeech:
        self.payers.append(payer)
        self.requests.append(request)
        if self.refuses_with is not None:
            raise self.refuses_with
        if request.voice not in ("en-us", "en-us+f3"):
            raise UnknownVoice(f"no voice {request.voice!r}", param="voice")
        self.speeches.append(FakeSpeech(self, request.first_segment))
        return self.speeches[-1]

    async def check_ready(self) -> None:
        if self.refuses_with is not None:
            raise self.refuses_with
