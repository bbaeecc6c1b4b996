from __future__ import annotations

import pytest

from benchmarks.load.playback import Stall, headroom_curve, simulate

# Times are binary fractions, so that every expected value is exact.
SMOOTH = [(1.0, 0.5), (1.25, 1.0), (1.5, 1.5)]
LATE = [(1.0, 0.5), (2.0, 1.0), (2.25, 1.5), (3.5, 2.0)]


def test_a_stream_that_arrives_in_time_plays_without_underrun() -> None:
    played = simulate(SMOOTH)
    assert played is not None
    assert (played.start_s, played.stalls, played.lowest_headroom_s) == (1.0, (), 0.25 + 0.0)


def test_audio_that_arrives_the_moment_it_is_due_is_no_underrun() -> None:
    played = simulate([(0.0, 0.5), (0.5, 1.0)])
    assert played is not None
    assert played.stalls == ()
    assert played.lowest_headroom_s == 0.0


def test_each_late_chunk_stalls_the_clock_for_as_long_as_it_is_late() -> None:
    played = simulate(LATE)
    assert played is not None
    # Dry at 1.5 until 2.0; the clock is then 0.5 behind, so 1.5 s of audio last until 3.0; dry until 3.5.
    assert played.stalls == (Stall(1.5, 0.5), Stall(3.0, 0.5))
    assert played.num_underruns == 2
    assert played.stalled_s == 1.0
    # A clock that never waits is at 2.5 s when 1.5 s are there.
    assert played.lowest_headroom_s == -1.0


def test_the_lowest_headroom_is_the_preroll_that_would_have_been_enough() -> None:
    later = simulate([(at_s, audio_s) for at_s, audio_s in LATE], preroll_s=1.0)
    assert later is not None
    assert later.start_s == 2.0
    assert later.stalls == ()
    assert later.lowest_headroom_s == 0.0


def test_preroll_waits_for_audio_and_gives_up_at_the_last_of_it() -> None:
    played = simulate(SMOOTH, preroll_s=1.0)
    assert played is not None
    assert played.start_s == 1.25
    short = simulate(SMOOTH, preroll_s=9.0)
    assert short is not None
    assert short.start_s == 1.5


def test_playback_begins_with_audio_not_with_bytes() -> None:
    played = simulate([(0.25, 0.0), (1.0, 0.5), (1.125, 0.5), (1.25, 1.0)])
    assert played is not None
    assert played.start_s == 1.0


def test_no_audio_is_no_playback() -> None:
    assert simulate([]) is None
    assert simulate([(1.0, 0.0)]) is None


@pytest.mark.parametrize(("broken_at_s", "stalls"), [(3.0, (Stall(2.5, 0.5),)), (2.0, ()), (None, ())])
def test_waiting_in_vain_for_a_broken_stream_is_an_underrun(
    broken_at_s: float | None, stalls: tuple[Stall, ...]
) -> None:
    played = simulate(SMOOTH, broken_at_s=broken_at_s)
    assert played is not None
    assert played.stalls == stalls


def test_headroom_curve_falls_with_the_clock_jumps_on_arrival_and_rests_at_zero() -> None:
    played = simulate(LATE[:2])
    assert played is not None
    curve = headroom_curve(LATE[:2], played)
    assert curve == [(0.0, 0.5), (0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (1.5, 0.0)]


def test_headroom_curve_of_a_preroll_begins_with_all_that_was_collected() -> None:
    played = simulate(SMOOTH, preroll_s=1.0)
    assert played is not None
    assert headroom_curve(SMOOTH, played) == [(0.0, 1.0), (0.25, 0.75), (0.25, 1.25), (1.5, 0.0)]
