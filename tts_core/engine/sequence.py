"""What an open request is made of, as the engine's thread sees it: a listener and their sequences."""

from __future__ import annotations

import enum
import time
from collections import deque
from typing import TYPE_CHECKING

from tts_core.engine.chunks import BYTES_PER_SAMPLE
from tts_core.engine.stream import SpeechStream
from tts_core.engine.work import Work
from tts_core.errors import PolyvoxError
from tts_core.request import SynthesisRequest
from tts_core.timeline import Timeline
from tts_core.timing.marks import Word

if TYPE_CHECKING:  # so that scheduling works, and is tested, without torch
    from tts_core.models.gpt_sovits.decoding import DecodeInputs
    from tts_core.models.gpt_sovits.guards import Takes
    from tts_core.models.gpt_sovits.script import Script
    from tts_core.models.gpt_sovits.vocoding import SegmentVocoder


class SequenceStatus(enum.Enum):
    """Where a segment is on its way to audio. Only the scheduler changes it."""

    READING = enum.auto()  # its phones and features are being prepared
    WAITING = enum.auto()  # ready for a slot, perhaps not for the first time
    RUNNING = enum.auto()  # in a slot, a token at a time
    PARKED = enum.auto()  # as far as it had come, on a shelf, until there is a slot for it again
    DECODED = enum.auto()  # its tokens are complete and its slot is free
    SPOKEN = enum.auto()  # all its audio was made
    FAILED = enum.auto()  # it can't be spoken, which is told once all before it was heard
    DROPPED = enum.auto()  # nobody wants it any more


_WITH_TOKENS = frozenset((SequenceStatus.RUNNING, SequenceStatus.PARKED, SequenceStatus.DECODED))


class Sequence:
    """One segment of a request.

    Attributes:
        listener: who hears it.
        index: its position in the request.
        status: see `SequenceStatus`.
        slot: where it is computed while it is running.
        shelf: where what is in its slot is kept while it is parked.
        codes: its tokens so far.
        inputs: what T2S reads, from when it was prepared until its tokens are complete.
        takes: who watches over its tokens, if anyone does.
        num_inputs: how long that is, and `num_prompt` how much of it is the voice's own tokens.
        max_codes: how many tokens it may have.
        num_dropped: letters and digits of its text that nobody hears.
        words: of its text, if the request is timed.
        vocoder: the other half of its way, from when it was prepared.
        is_voicing: whether audio of it is being made, so that nobody else may.
        is_heard: whether there was any audio of it.
        error: why it can't be spoken, if it can't.
    """

    def __init__(self, listener: Listener, index: int) -> None:
        self.listener = listener
        self.index = index
        self.status = SequenceStatus.READING
        self.slot: int | None = None
        self.shelf: int | None = None
        self.codes: list[int] = []
        self.inputs: DecodeInputs | None = None
        self.takes: Takes | None = None
        self.num_inputs = 0
        self.num_prompt = 0
        self.max_codes = 0
        self.num_dropped = 0
        self.words: tuple[Word, ...] = ()
        self.vocoder: SegmentVocoder | None = None
        self.is_voicing = False
        self.is_heard = False
        self.error: PolyvoxError | None = None

    @property
    def is_decoded(self) -> bool:
        return self.status is SequenceStatus.DECODED

    @property
    def work(self) -> Work | None:
        """What its vocoder can do with the tokens that are there."""
        if self.vocoder is None or self.is_voicing or self.status not in _WITH_TOKENS:
            return None
        # What is watched is heard a token later, when more is known about it.
        num_held = 1 if self.takes is not None and not self.is_decoded else 0
        return self.vocoder.due(len(self.codes) - num_held, self.is_decoded)

    def __repr__(self) -> str:
        return f"segment {self.index} of request {self.listener.request_id!r}"


class Listener:
    """One open request.

    The stream is the event loop's. The engine's thread only reads its `num_delivered`, `closed` and
    `deadline`: they may be a moment old, which changes when audio is made, never what it is. The rest is the
    thread's own.

    Attributes:
        request: what is asked for, settled: the voice's own defaults are filled in.
        language: what to read the text as.
        sequences: segments under way, in order. The first is the one being heard; later ones run ahead.
        script: what is to be spoken, once it has been read.
        num_begun: how many of its segments were begun.
        num_produced: samples made so far, those on their way to the stream included.
        timeline: when what happened to it.
    """

    def __init__(
        self,
        request: SynthesisRequest,
        language: str,
        stream: SpeechStream,
        max_lead_samples: int,
        timeline: Timeline | None = None,
    ) -> None:
        self.request = request
        self.language = language
        self.stream = stream
        self.sequences: deque[Sequence] = deque()
        self.script: Script | None = None
        self.num_begun = 0
        self.num_produced = 0
        self.timeline = timeline or Timeline()
        self._max_lead = max_lead_samples

    @property
    def request_id(self) -> str:
        return self.request.request_id

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody wants its audio any more."""
        return self.stream.closed

    @property
    def has_room(self) -> bool:
        """Whether what was made is within its lead of what the listener has."""
        return self.num_unsent < self._max_lead

    @property
    def num_unsent(self) -> int:
        """Samples that were made, and that they don't have yet."""
        return self.num_produced - self.stream.num_delivered

    def has_room_for(self, audio_s: float) -> bool:
        """Whether so much, or half of the lead where that is less, can be made before there is no room."""
        wanted = min(audio_s * self.stream.sample_rate_hz, self._max_lead / 2)
        return self.num_unsent + wanted <= self._max_lead

    @property
    def deadline(self) -> float:
        """When they run dry, by the monotonic clock, counting what is on its way to them."""
        rate_hz, unsent = self.stream.sample_rate_hz, self.num_unsent
        ahead = self.num_produced - self.stream.num_written
        dry = self.stream.deadline + max(ahead, 0) / rate_hz
        # Nobody has played what they don't have: whoever stalled is late by the clock, and in no need.
        return max(dry, time.monotonic() + unsent / rate_hz) if unsent > 0 else dry

    def count(self, pcm: bytes) -> None:
        """Note audio that was made."""
        self.num_produced += len(pcm) // BYTES_PER_SAMPLE
