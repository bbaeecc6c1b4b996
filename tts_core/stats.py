"""Figures that an engine gives about itself, for admission, autoscaling and monitoring."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EngineStats:
    """A snapshot.

    Attributes:
        num_slots: streams that can be open at once.
        num_open: streams that are open now.
        num_paused: open streams that wait for their listener to take audio.
        num_finished: streams that came to their natural end since start-up.
        num_aborted: streams that ended before it.
        audio_s: seconds of audio produced since start-up.
    """

    num_slots: int
    num_open: int
    num_paused: int
    num_finished: int
    num_aborted: int
    audio_s: float
