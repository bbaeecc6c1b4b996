"""What is written down about one request, while it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from benchmarks.load.failures import Failure
from benchmarks.load.settings import Role


class Chunk(NamedTuple):
    """Bytes that arrived together: when, how many, and the audio the listener then holds in all."""

    arrival_s: float
    num_bytes: int
    audio_s: float


@dataclass
class RequestRecord:
    """Raw timestamps of one request. Times are seconds since the run began; None means it never happened.

    Attributes:
        scheduled_s: when the listener wanted to ask; every latency counts from here.
        sent_s: when the generator got round to it.
        first_audio_s: arrival of the chunk that completed the first sample.
        audible_s: arrival of the chunk that completed the first audible sample.
        audible_offset_s: where that sample lies in the audio.
        end_s: end of the body, or of the attempt.
        code: why it failed, None for a success.
        truncated: the body ended before the audio did.
        acted: the chaos role was played out (stalled, or hung up).
    """

    index: int
    scheduled_s: float
    role: Role = "listener"
    voice: str = ""
    lang: str = ""
    num_chars: int = 0
    sent_s: float | None = None
    headers_s: float | None = None
    first_byte_s: float | None = None
    first_audio_s: float | None = None
    audible_s: float | None = None
    audible_offset_s: float | None = None
    end_s: float | None = None
    status: int | None = None
    code: str | None = None
    message: str | None = None
    num_bytes: int = 0
    audio_s: float = 0.0
    truncated: bool = False
    acted: bool = False
    chunks: list[Chunk] = field(default_factory=list)

    def fail(self, failure: Failure) -> None:
        """Note why the request failed; the first reason stands."""
        if self.code is None:
            self.code, self.message = failure
            cut = failure.code in ("truncated", "read_timeout") and self.num_bytes > 0
            self.truncated = self.truncated or cut

    @property
    def is_listener(self) -> bool:
        """Tell whether this was a well-behaved listener, whose experience counts."""
        return self.role == "listener"

    @property
    def ttfa_s(self) -> float | None:
        """Return scheduled arrival to first audible sample."""
        return None if self.audible_s is None else self.audible_s - self.scheduled_s

    @property
    def first_audio_latency_s(self) -> float | None:
        """Return scheduled arrival to the first sample, audible or not."""
        return None if self.first_audio_s is None else self.first_audio_s - self.scheduled_s

    @property
    def first_byte_latency_s(self) -> float | None:
        """Return scheduled arrival to first body byte."""
        return None if self.first_byte_s is None else self.first_byte_s - self.scheduled_s

    @property
    def lateness_s(self) -> float | None:
        """Return how late the generator was to send."""
        return None if self.sent_s is None else self.sent_s - self.scheduled_s

    @property
    def wall_s(self) -> float | None:
        """Return scheduled arrival to end."""
        return None if self.end_s is None else self.end_s - self.scheduled_s

    @property
    def rtf(self) -> float | None:
        """Return wall time over audio time, of a request that succeeded."""
        if self.code is not None or not self.audio_s or self.wall_s is None:
            return None
        return self.wall_s / self.audio_s

    @property
    def longest_gap_s(self) -> float | None:
        """Return the longest time between two chunks."""
        arrivals = [chunk.arrival_s for chunk in self.chunks]
        return max((b - a for a, b in pairwise(arrivals)), default=None)

    def timeline(self) -> list[tuple[float, float]]:
        """Return (arrival, audio held) of every chunk, for `playback.simulate`."""
        return [(chunk.arrival_s, chunk.audio_s) for chunk in self.chunks]

    def describe(self) -> dict[str, Any]:
        """Return the record as plain values, times to the microsecond."""
        described = {name: _rounded(value) for name, value in vars(self).items()}
        described["chunks"] = [[_rounded(value) for value in chunk] for chunk in self.chunks]
        return described


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
