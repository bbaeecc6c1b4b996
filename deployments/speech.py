"""What the HTTP edge needs of whatever speaks behind it. Knows nothing of Ray."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from tts_core.engine.chunks import AudioChunk, SegmentMark
from tts_core.request import SynthesisRequest
from tts_core.voice import VoiceInfo


class Speech(Protocol):
    """One request's audio, opened: its first chunk exists."""

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the mono 16-bit PCM in its chunks."""
        ...

    @property
    def num_dropped(self) -> int:
        """Characters of the text that aren't spoken: those known of, and all once `chunks` has ended."""
        ...

    @property
    def fingerprint(self) -> str:
        """See `SpeechStream.fingerprint`."""
        ...

    def chunks(self) -> AsyncIterator[AudioChunk]:
        """Yield the audio in order; raise PolyvoxError where it can't be completed."""
        ...

    def acknowledge(self, num_delivered: int) -> None:
        """Say how many samples have been written to the listener in all."""
        ...

    def close(self) -> None:
        """End the speech, finished or not, and free its slot. Never waits: it works while cancelled."""
        ...


@dataclass(frozen=True)
class Origin:
    """What a speech came from.

    Attributes:
        request: as it was planned.
        num_dropped: characters that planning left out.
        name: of the answer, as its client knows it.
        payer: who asked.
        fingerprint: of its samples: of the request and of the engine together.
    """

    request: SynthesisRequest
    num_dropped: int
    name: str
    payer: str
    fingerprint: str


class SpeechAround:
    """What another speech is, for those that change only what becomes of its audio.

    Args:
        speech: the one inside.
    """

    def __init__(self, speech: Speech) -> None:
        self._speech = speech

    @property
    def sample_rate_hz(self) -> int:
        return self._speech.sample_rate_hz

    @property
    def fingerprint(self) -> str:
        return self._speech.fingerprint

    @property
    def num_dropped(self) -> int:
        return self._speech.num_dropped


class CountedSpeech(SpeechAround):
    """Speech of a text from which something was left out before any engine saw it.

    Attributes:
        model: what speaks it.
        origin: what it came from, where that was noted.
        on_close: called when the speech ends, perhaps more than once.
        on_mark: called with every segment that begins.
    """

    def __init__(self, speech: Speech, num_dropped: int, model: str, origin: Origin | None = None) -> None:
        super().__init__(speech)
        self._num_dropped = num_dropped
        self.model, self.origin = model, origin
        self.on_close: Callable[[], None] = lambda: None
        self.on_mark: Callable[[SegmentMark], None] = lambda _: None

    @property
    def num_dropped(self) -> int:
        return self._num_dropped + self._speech.num_dropped

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        async for chunk in self._speech.chunks():
            for mark in chunk.marks:
                self.on_mark(mark)
            yield chunk

    def acknowledge(self, num_delivered: int) -> None:
        self._speech.acknowledge(num_delivered)

    def close(self) -> None:
        self.on_close()
        self._speech.close()


class SpeechSource(Protocol):
    """Where speech comes from."""

    @property
    def models(self) -> tuple[str, ...]:
        """Names that a request may give, the default first."""
        ...

    async def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the catalogue of all models."""
        ...

    def check_room(self, model: str) -> None:
        """Return unless it is known already that a request for this model would be refused.

        Raises:
            Overloaded: it is.
        """
        ...

    async def open(self, request: SynthesisRequest, payer: str = "") -> Speech:
        """Admit a request and wait for its first chunk, so that a failure still has a status to answer with.

        Args:
            request: what to speak.
            payer: who it is for: while there is no room, payers are let in by turns.

        Raises:
            PolyvoxError: Overloaded, a RequestError of the engine's, or a SpeechError.
        """
        ...

    async def check_ready(self) -> None:
        """Return when a request would be spoken.

        Raises:
            PolyvoxError: why it would not.
        """
        ...
