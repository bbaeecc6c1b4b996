"""One request on its way through the formant engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tts_core.engine.chunks import BYTES_PER_SAMPLE
from tts_core.engine.stream import SpeechStream
from tts_core.frontend.words import words_of
from tts_core.models.formant.connection import Connection
from tts_core.models.formant.espeak import SAMPLE_RATE_HZ, Utterance
from tts_core.models.formant.prosody import ends_in_punctuation, pitch_for, plain_text, rate_for
from tts_core.models.formant.scheduler import SequenceStatus
from tts_core.models.formant.voices import Voice
from tts_core.request import SynthesisRequest
from tts_core.timing.marks import TextMark, WordMark

AUDIBLE_AMPLITUDE = 100  # of 32767: 50 dB below full scale
_MAX_HELD_BYTES = 5 * SAMPLE_RATE_HZ * BYTES_PER_SAMPLE


@dataclass(eq=False)
class Sequence:
    """State of an open request. Everything that belongs to it hangs here.

    Attributes:
        request: what to speak.
        voice: who speaks it.
        stream: where the audio goes.
        status: written by the scheduler alone.
        connection: the utterance that is being spoken, if any.
        num_begun: segments whose utterance was begun, or that precede the first one to speak.
        segment_start: position in the stream of the segment that is being spoken.
        audible: whether anything above `AUDIBLE_AMPLITUDE` was produced yet. Taken for granted of what
            precedes the first segment to speak: that one was told of once something was passed on.
        held: silence from before that, kept back (5 s of it at most) so that a request with nothing to say
            can fail before its first byte.
    """

    request: SynthesisRequest
    voice: Voice
    stream: SpeechStream
    status: SequenceStatus = SequenceStatus.WAITING
    connection: Connection | None = None
    num_begun: int = 0
    segment_start: int = 0
    audible: bool = False
    held: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.num_begun = self.request.first_segment
        self.audible = self.num_begun > 0

    @property
    def has_room(self) -> bool:
        return self.stream.has_room

    @property
    def num_produced(self) -> int:
        return self.stream.num_written + len(self.held) // BYTES_PER_SAMPLE

    @property
    def deadline(self) -> float:
        return self.stream.deadline

    @property
    def is_complete(self) -> bool:
        """Whether every segment was begun; with no connection open, all of them are spoken."""
        return self.num_begun == len(self.request.segments)

    def next_utterance(self) -> Utterance:
        """Return the next segment in the library's terms, and count it as begun."""
        text = plain_text(self.request.segments[self.num_begun].text)
        self.num_begun += 1
        rate_wpm, sonic_speed = rate_for(self.request.speed)
        pitch, pitch_range = pitch_for(self.request.pitch)
        return Utterance(
            text=text,
            voice=self.voice.library_name,
            rate_wpm=rate_wpm,
            pitch=pitch,
            pitch_range=pitch_range,
            sonic_speed=sonic_speed,
            end_pause=not self.is_complete and ends_in_punctuation(text),
            is_timed=self.request.is_timed,
        )

    def mark_segment(self) -> None:
        """Say where the segment begins that is about to be spoken, and its words, if that was asked for.

        None begins anew behind silence that is held back: what that decides is decided by them together.
        """
        self.segment_start = self.num_produced
        if not self.held:
            self.stream.mark(self.num_begun)
        if self.request.is_timed:
            text = self.request.segments[self.num_begun].text
            words = words_of(text, start=self._num_chars_begun)
            self.stream.cue(TextMark(self.segment_start, words))

    def mark_words(self, words: Iterable[tuple[int, int]]) -> None:
        """Say that words begin: index in the segment's text, and sample of its audio, of each."""
        segment = self.request.segments[self.num_begun - 1]
        first = self._num_chars_begun - len(segment.text)
        for index, sample in words:
            # Never before what has been passed on: a mark travels with the audio that it is about.
            start_sample = max(self.segment_start + sample, self.num_produced)
            self.stream.cue(WordMark(start_sample, first + index))

    @property
    def _num_chars_begun(self) -> int:
        return sum(len(segment.text) for segment in self.request.segments[: self.num_begun])

    def add_audio(self, pcm: bytes) -> None:
        """Pass samples on to the stream, once there is something to be heard."""
        self.audible = self.audible or _is_audible(pcm)
        self.held += pcm
        if self.audible or len(self.held) > _MAX_HELD_BYTES:
            self.stream.write(bytes(self.held))
            self.held.clear()

    def disconnect(self) -> None:
        """End the utterance in progress, if there is one."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _is_audible(pcm: bytes) -> bool:
    samples = np.frombuffer(pcm, np.int16).astype(np.int32)
    return bool(np.abs(samples).max(initial=0) > AUDIBLE_AMPLITUDE)
