"""What listeners noticed: pure arithmetic over what they wrote down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.chaos.crowd import Run
from benchmarks.chaos.listener import Heard
from benchmarks.load.playback import Playback, Stall, simulate

FAR_AHEAD_S = 3.0
_AFTER_S = 15.0


@dataclass(frozen=True)
class Noticed:
    """What is worth a line.

    Attributes:
        streams: requests that were open during the harm, or begun after it.
        completed: those of them that came to a clean end.
        differing: those that completed with other bytes than alone, or broke off with bytes that don't
            begin so.
        clean_but_short: those that ended cleanly, and too early: the one thing that must never be.
        errors: how many failed, by code or by what happened to the connection.
        silence_s, calm_silence_s: the longest silence in mid-speech, and that of the time before the harm.
        ahead: listeners with `FAR_AHEAD_S` in hand when something was done, summed over all that was done.
        ahead_ran_dry: how many of those ran dry soon after.
        first_audio_s: the longest wait for the first audio.
    """

    streams: int
    completed: int
    differing: int
    clean_but_short: int
    errors: dict[str, int]
    silence_s: float
    calm_silence_s: float
    ahead: int
    ahead_ran_dry: int
    first_audio_s: float


def notice(run: Run) -> Noticed:
    """Reduce what a crowd heard. At least one thing was done to it."""
    first_s = min(run.events.at_s)
    disturbed = [one for one in run.heard if one.ended_s >= first_s]
    whole = [one for one in disturbed if not one.error]
    ahead = [_fate(one, at_s) for one in disturbed for at_s in run.events.at_s]
    stalls = stalls_of(run.heard)
    return Noticed(
        streams=len(disturbed),
        completed=len(whole),
        differing=sum(_differs(one, run.alone[one.ask.key]) for one in disturbed),
        clean_but_short=sum(len(one.data) < len(run.alone[one.ask.key]) for one in whole),
        errors=dict(Counter(one.error for one in disturbed if one.error)),
        silence_s=max((one.for_s for one in stalls if one.at_s + one.for_s >= first_s), default=0.0),
        calm_silence_s=max((one.for_s for one in stalls if one.at_s + one.for_s < first_s), default=0.0),
        ahead=sum(fate is not None for fate in ahead),
        ahead_ran_dry=sum(fate is True for fate in ahead),
        first_audio_s=max((one.first_audio_s or 0.0 for one in disturbed), default=0.0),
    )


def stalls_of(heard: Iterable[Heard]) -> list[Stall]:
    """Return every silence that anyone heard in mid-speech."""
    played = (simulate(one.timeline) for one in heard)
    return [stall for one in played if one is not None for stall in one.stalls]


def _differs(one: Heard, alone: bytes) -> bool:
    return not alone.startswith(one.data) if one.error else one.data != alone


def _fate(one: Heard, at_s: float) -> bool | None:
    """Return whether a listener who was far ahead at a moment ran dry soon after; None if they weren't."""
    if not one.timeline or not one.timeline[0][0] <= at_s <= one.timeline[-1][0]:
        return None
    played = simulate(one.timeline)
    if played is None or headroom_s(one.timeline, played, at_s) < FAR_AHEAD_S:
        return None
    return any(at_s < stall.at_s <= at_s + _AFTER_S for stall in played.stalls)


def headroom_s(timeline: list[tuple[float, float]], played: Playback, at_s: float) -> float:
    """Return how much audio was in hand at a moment."""
    received_s = max((audio_s for came_s, audio_s in timeline if came_s <= at_s), default=0.0)
    silent_s = sum(min(stall.for_s, at_s - stall.at_s) for stall in played.stalls if stall.at_s < at_s)
    return received_s - (at_s - played.start_s - silent_s)
