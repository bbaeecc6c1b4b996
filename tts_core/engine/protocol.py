"""The boundary between whatever speaks and whoever serves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tts_core.engine.stream import SpeechStream
from tts_core.request import SynthesisRequest
from tts_core.stats import EngineStats
from tts_core.voice import VoiceInfo


@dataclass(frozen=True)
class Room:
    """How many more an engine would let in.

    Attributes:
        num_free: so many, as things are now.
        soonest_s: in how many seconds there is expected to be room for one, where there is none.
    """

    num_free: int
    soonest_s: float


POISONED = Room(0, 5.0)
"""What an engine has that can't speak any more: its replacement needs some seconds."""


class AsyncEngine(Protocol):
    """A speech engine as its owner sees it. All methods belong to the event loop that called `start`, except
    `check_health`, which any thread may call.

    An engine knows nothing of HTTP, encodings or replicas. It promises that the PCM of a request depends
    on the request alone: not on its neighbours, on timing, or on what was spoken before.
    """

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the mono 16-bit PCM of every stream."""
        ...

    async def start(self) -> None:
        """Load and warm up. Ready to speak at full speed when it returns.

        Raises:
            SetupError: what is missing on this machine, and how to get it.
        """
        ...

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the catalogue, in the order in which to show it."""
        ...

    def generate(self, request: SynthesisRequest) -> SpeechStream:
        """Admit a request and return its stream at once; audio follows.

        Raises:
            Overloaded: every slot is taken.
            RequestError: the engine can't do what is asked for.
        """
        ...

    def room(self) -> Room:
        """Return whether `generate` would admit anyone now, or when."""
        ...

    def abort(self, request_id: str) -> bool:
        """End a stream early and free its slot. Returns whether there was one."""
        ...

    def check_health(self) -> None:
        """Return while the engine can speak.

        Raises:
            EnginePoisoned: it can't any more and must be replaced.
        """
        ...

    def stats(self) -> EngineStats:
        """Return a snapshot of the engine's figures."""
        ...

    async def stop(self) -> None:
        """End every stream with EngineStopped and release what the engine holds."""
        ...
