"""One open request, as the event loop and the engine's thread share it."""

from __future__ import annotations

from collections.abc import Generator

from tts_core.engine.stream import BYTES_PER_SAMPLE, SpeechStream
from tts_core.models.gpt_sovits.speaking import Utterance


class Sequence:
    """Everything that belongs to an open request.

    The stream is the event loop's. The thread only reads its `num_delivered`, `closed` and `deadline`: they
    may be a moment old, which changes when audio is made, never what it is. The rest is the thread's, but for
    `is_watched`.

    Attributes:
        request_id: names it in messages.
        stream: where the audio goes.
        utterance: what is being spoken.
        steps: its audio, as far as it has got.
        num_produced: samples made so far, those on their way to the stream included.
        is_over: whether the thread has nothing more to do for it.
        is_watched: whether the event loop is waiting for its stream to have room.
    """

    def __init__(self, request_id: str, stream: SpeechStream, utterance: Utterance, max_lead: int) -> None:
        self.request_id = request_id
        self.stream = stream
        self.utterance = utterance
        self.steps: Generator[bytes, None, None] = utterance.speak()
        self.num_produced = 0
        self.is_over = False
        self.is_watched = False
        self._max_lead = max_lead

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody wants its audio any more."""
        return self.stream.closed

    @property
    def has_room(self) -> bool:
        """Whether it is within its lead."""
        return self.num_produced - self.stream.num_delivered < self._max_lead

    def count(self, pcm: bytes) -> None:
        """Note audio that was made."""
        self.num_produced += len(pcm) // BYTES_PER_SAMPLE
