"""Figures that an engine gives about itself, for admission, autoscaling and monitoring."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, kw_only=True)
class GuardStats:
    """What became of segments that were watched for lost, repeated and runaway speech, since start-up.

    Attributes:
        num_segments: those whose tokens are complete.
        num_lost: takes that ended before their words could have been said.
        num_loops: takes that said the same again and again.
        num_runaways: takes that didn't end.
        num_retries: how many of these takes were dropped, and followed by another one.
        num_kept: segments that were spoken though something was wrong with every take, or with one of which
            audio may have left.
    """

    num_segments: int = 0
    num_lost: int = 0
    num_loops: int = 0
    num_runaways: int = 0
    num_retries: int = 0
    num_kept: int = 0

    def __add__(self, other: GuardStats) -> GuardStats:
        return GuardStats(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        )


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
        guards: see there.
    """

    num_slots: int
    num_open: int
    num_paused: int
    num_finished: int
    num_aborted: int
    audio_s: float
    guards: GuardStats = field(default_factory=GuardStats)
