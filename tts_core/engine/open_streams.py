"""The book of an engine's open streams: who is there, how each was ended, what was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from tts_core.engine.chunks import BYTES_PER_SAMPLE
from tts_core.engine.stream import SpeechStream, StreamState
from tts_core.errors import PolyvoxError
from tts_core.stats import EngineStats, GuardStats


class _HasStream(Protocol):
    @property
    def stream(self) -> SpeechStream: ...


_Entry = TypeVar("_Entry", bound=_HasStream)


class OpenStreams(Generic[_Entry]):
    """Entries by request id, from admission to release. Belongs to the event loop.

    Args:
        num_slots: how many streams are served at once; only reported here.
        sample_rate_hz: of what is counted.
    """

    def __init__(self, num_slots: int, sample_rate_hz: int) -> None:
        self._num_slots, self._sample_rate_hz = num_slots, sample_rate_hz
        self._entries: dict[str, _Entry] = {}
        self._num_finished = 0
        self._num_aborted = 0
        self._num_samples = 0
        self._guards = GuardStats()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._entries

    def __getitem__(self, request_id: str) -> _Entry:
        return self._entries[request_id]

    def add(self, request_id: str, entry: _Entry) -> None:
        """Write an entry down."""
        self._entries[request_id] = entry

    def release(self, request_id: str) -> _Entry:
        """Strike out an entry whose stream has closed, and return it."""
        entry = self._entries.pop(request_id)
        if entry.stream.state is StreamState.FINISHED:
            self._num_finished += 1
        else:
            self._num_aborted += 1
        return entry

    def count(self, num_bytes: int) -> None:
        """Count audio that was made."""
        self._num_samples += num_bytes // BYTES_PER_SAMPLE

    def count_take(self, counts: GuardStats) -> None:
        """Count what became of a segment's take."""
        self._guards += counts

    def abort(self, request_id: str) -> bool:
        """End a stream early. Returns whether there was one."""
        entry = self._entries.get(request_id)
        if entry is not None:
            entry.stream.cancel()
        return entry is not None

    def fail_all(self, make_error: Callable[[], PolyvoxError]) -> None:
        """End every stream with an error of its own."""
        for entry in list(self._entries.values()):
            entry.stream.fail(make_error())

    def num_stalled(self, after_s: float) -> int:
        """Return how many streams have had no room for longer than `after_s`."""
        return sum(entry.stream.full_for_s > after_s for entry in self._entries.values())

    def stats(self) -> EngineStats:
        """Return a snapshot of the figures."""
        streams = [entry.stream for entry in self._entries.values()]
        return EngineStats(
            num_slots=self._num_slots,
            num_open=len(streams),
            num_paused=sum(not stream.has_room for stream in streams),
            num_finished=self._num_finished,
            num_aborted=self._num_aborted,
            audio_s=self._num_samples / self._sample_rate_hz,
            guards=self._guards,
        )
