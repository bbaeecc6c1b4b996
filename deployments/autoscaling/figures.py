"""A replica's figures for the policy: what its listeners feel, what it computes, whom it sent away."""

from __future__ import annotations

import math

from deployments.autoscaling.meter import LoadMeter
from deployments.autoscaling.policy import ReplicaReport
from tts_core.engine.stream import SpeechStream
from tts_core.errors import Overloaded, PolyvoxError
from tts_core.stats import EngineStats

# Every stream begins with next to no headroom, and one whose listener is slow to take has none by its own.
_SETTLED_S = 5.0
_MAX_UNTAKEN_S = 2.0


class ReplicaFigures:
    """Keeps count of a replica's streams and refusals. Belongs to the replica's event loop.

    Args:
        num_slots: of one model. A replica has as many while it has none in memory, but loads one.
    """

    def __init__(self, num_slots: int) -> None:
        self._num_slots = num_slots
        self._meter = LoadMeter()
        self._streams: set[SpeechStream] = set()
        self._num_refused = 0

    def opened(self, stream: SpeechStream) -> None:
        """Note a stream that was admitted."""
        self._streams.add(stream)

    def ended(self, stream: SpeechStream) -> None:
        """Note that a stream is over."""
        self._streams.discard(stream)

    def refused(self, error: PolyvoxError) -> None:
        """Note an error in the place of a stream; only a want of room counts."""
        self._num_refused += isinstance(error, Overloaded)

    def turned_away(self, num: int) -> None:
        """Note requests that an ingress has refused for want of room here, without asking."""
        self._num_refused += num

    def report(self, now_s: float, stats: EngineStats) -> ReplicaReport:
        """Return the figures, and count refusals from 0 again.

        The load is the engine's own, by which it also admits: it times its steps. Of one that doesn't know it
        is learnt from the audio that comes out, which waits for listeners now and then: rather too high.

        Args:
            now_s: by the event loop's clock.
        """
        self._meter.observe(now_s, stats)
        refused, self._num_refused = self._num_refused, 0
        return ReplicaReport(
            slots=float(stats.num_slots or self._num_slots),
            open=float(stats.num_open),
            load=stats.load or self._meter.load(stats.num_open),
            headroom_s=min((headroom_s(stream, now_s) for stream in self._streams), default=math.inf),
            refused=float(refused),
        )


def headroom_s(stream: SpeechStream, now_s: float) -> float:
    """Return how much audio its listener has ahead of playback; infinite where that says nothing of us."""
    made_s = stream.num_written / stream.sample_rate_hz
    taken_s = stream.num_delivered / stream.sample_rate_hz
    if stream.closed or not taken_s or made_s - taken_s > _MAX_UNTAKEN_S:
        return math.inf
    played_s = now_s - (stream.deadline - made_s)
    # Who returns from another replica has played for long, but brings what headroom they have left.
    age_s = min(played_s, now_s - stream.opened_at)
    return made_s - played_s if age_s >= _SETTLED_S else math.inf
