"""A real-time listener, played from the timeline of what arrived. Pure arithmetic, no clock.

The listener begins at the first audio (or once the pre-roll is there), plays at speed 1, stops when it runs
dry and goes on at the very next audio.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# Arrival times and audio durations are floats of the order of 1e3 s: sums agree to about a picosecond.
_EPSILON_S = 1e-9


class Stall(NamedTuple):
    """The listener heard nothing from `at_s`, for `for_s` seconds."""

    at_s: float
    for_s: float


class Playback(NamedTuple):
    """How one stream played.

    Attributes:
        start_s: when the playback clock began.
        stalls: the underruns in order.
        lowest_headroom_s: least audio in hand before an arrival, against a clock that never waits. Below
            zero it is the additional pre-roll, negated, that would have prevented every underrun.
    """

    start_s: float
    stalls: tuple[Stall, ...]
    lowest_headroom_s: float

    @property
    def num_underruns(self) -> int:
        """Return how often the listener ran dry."""
        return len(self.stalls)

    @property
    def stalled_s(self) -> float:
        """Return the seconds of silence heard in the middle of the speech."""
        return sum(stall.for_s for stall in self.stalls)


def simulate(
    timeline: Sequence[tuple[float, float]], *, preroll_s: float = 0.0, broken_at_s: float | None = None
) -> Playback | None:
    """Play a stream.

    Args:
        timeline: (arrival, audio received so far) of each chunk, in order, seconds.
        preroll_s: audio to collect first. A stream shorter than that begins with its last audio.
        broken_at_s: when a stream broke that should have gone on; waiting for it in vain is an underrun too.

    Returns:
        The playback, None when no audio arrived.
    """
    gains = _gains(timeline)
    if not gains:
        return None
    first = next((i for i, (_, audio_s) in enumerate(gains) if audio_s >= preroll_s), len(gains) - 1)
    start_s, received_s = gains[first]
    lowest_s, stalls, stalled_s = received_s, list[Stall](), 0.0
    for arrival_s, audio_s in gains[first + 1 :]:
        lowest_s = min(lowest_s, start_s + received_s - arrival_s)
        dry_s = start_s + received_s + stalled_s
        if arrival_s > dry_s + _EPSILON_S:
            stalls.append(Stall(dry_s, arrival_s - dry_s))
            stalled_s += arrival_s - dry_s
        received_s = audio_s
    dry_s = start_s + received_s + stalled_s
    if broken_at_s is not None:
        lowest_s = min(lowest_s, start_s + received_s - broken_at_s)
        if broken_at_s > dry_s + _EPSILON_S:
            stalls.append(Stall(dry_s, broken_at_s - dry_s))
    return Playback(start_s, tuple(stalls), lowest_s)


def headroom_curve(timeline: Sequence[tuple[float, float]], playback: Playback) -> list[tuple[float, float]]:
    """Return (seconds since playback began, headroom) at the corners of the listener's buffer level.

    Each arrival gives two corners, before and after it; during a stall the level rests at zero.
    """
    corners: list[tuple[float, float]] = []
    received_s, stalled_s = 0.0, 0.0
    stalls = list(playback.stalls)
    for arrival_s, audio_s in _gains(timeline):
        elapsed_s = max(0.0, arrival_s - playback.start_s)
        if arrival_s > playback.start_s:
            if stalls and stalls[0].at_s < arrival_s:
                stall = stalls.pop(0)
                corners.append((stall.at_s - playback.start_s, 0.0))
                stalled_s += stall.for_s
            corners.append((elapsed_s, max(0.0, received_s + stalled_s - elapsed_s)))
        received_s = audio_s
        if arrival_s >= playback.start_s:
            corners.append((elapsed_s, received_s + stalled_s - elapsed_s))
    corners.append((received_s + stalled_s, 0.0))
    return corners


def _gains(timeline: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep the arrivals that brought audio."""
    gains, held_s = [], 0.0
    for arrival_s, audio_s in timeline:
        if audio_s > held_s:
            gains.append((arrival_s, audio_s))
            held_s = audio_s
    return gains
