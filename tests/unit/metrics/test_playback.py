"""The playback clock: when a listener runs dry, and when it only looks so."""

from __future__ import annotations

import pytest

from deployments.metrics.playback import SETTLED_S, PlaybackClock


def clock(*writes: tuple[float, float, float]) -> PlaybackClock:
    """Return a clock after writes: when each began, when it ended, and its audio."""
    playback = PlaybackClock()
    for began_s, ended_s, audio_s in writes:
        playback.begin_write(began_s)
        playback.end_write(ended_s, audio_s)
    return playback


def test_whoever_gets_audio_in_time_never_runs_dry() -> None:
    playback = clock((1.0, 1.0, 0.5), (1.4, 1.4, 1.0), (2.5, 2.5, 4.0))
    assert (playback.num_underruns, playback.underrun_s) == (0, 0.0)


def test_silence_is_counted_once_and_moves_what_follows() -> None:
    # Dry at 1.5, goes on at 2.0 and has audio until 3.0; dry again, until 3.25.
    playback = clock((1.0, 1.0, 0.5), (2.0, 2.0, 1.0), (2.9, 2.9, 0.1), (3.35, 3.35, 1.0))
    assert playback.num_underruns == 2
    assert playback.underrun_s == pytest.approx(0.5 + 0.25)


def test_a_listener_who_takes_nothing_has_audio_in_hand() -> None:
    playback = clock((0.0, 0.0, 1.0), (0.5, 60.0, 1.0))
    assert playback.num_underruns == 0
    assert playback.headroom_s(60.0) == pytest.approx(1.5)


def test_headroom_stands_still_while_a_write_waits() -> None:
    playback = clock((0.0, 0.0, 10.0))
    playback.begin_write(6.0)
    assert playback.headroom_s(7.0) == playback.headroom_s(50.0) == pytest.approx(4.0)


def test_headroom_falls_below_zero_for_someone_who_waits() -> None:
    assert clock((0.0, 0.0, 4.0)).headroom_s(6.0) == pytest.approx(-2.0)


def test_beginnings_say_nothing() -> None:
    assert PlaybackClock().headroom_s(100.0) is None
    playback = clock((1.0, 1.0, 60.0))
    assert playback.headroom_s(1.0 + SETTLED_S - 0.1) is None
    assert playback.headroom_s(1.0 + SETTLED_S) == pytest.approx(55.0)
