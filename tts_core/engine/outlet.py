"""Where an engine's results go."""

from __future__ import annotations

from typing import Protocol

from tts_core.engine.sequence import Listener
from tts_core.errors import PolyvoxError
from tts_core.models.gpt_sovits.guards import Verdict
from tts_core.timing.marks import Word


class Outlet(Protocol):
    """Told by the engine's thread, of each listener in the order in which they are to hear it."""

    def on_segment(
        self, listener: Listener, index: int, num_dropped: int, codes: tuple[int, ...]
    ) -> None: ...
    def on_words(self, listener: Listener, words: tuple[Word, ...]) -> None: ...
    def on_known(self, listener: Listener, num_samples: int) -> None: ...
    def on_audio(self, listener: Listener, pcm: bytes) -> None: ...
    def on_spoken(self, listener: Listener) -> None: ...
    def on_failed(self, listener: Listener, error: PolyvoxError) -> None: ...
    def on_take(self, listener: Listener, index: int, verdict: Verdict) -> None: ...
