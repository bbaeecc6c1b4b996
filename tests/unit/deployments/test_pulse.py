"""How long a listener stays with a replica that says nothing."""

from __future__ import annotations

import pytest

from deployments import pulse
from deployments.pulse import LOST_S, PULSE_S, RESERVE_S, SILENT_S, InHand, Pulse, is_silent, patience_s


def test_whoever_is_about_to_run_dry_leaves_first() -> None:
    assert patience_s(0.0) == patience_s(RESERVE_S) == SILENT_S
    assert patience_s(RESERVE_S + 2.0) == 2.0
    assert patience_s(60.0) == LOST_S


def test_a_listener_three_seconds_ahead_leaves_with_a_reserve_left() -> None:
    assert 3.0 - patience_s(3.0) >= RESERVE_S


def test_silence_is_counted_in_askings_without_an_answer() -> None:
    mine = Pulse("counted")
    falls = [mine.beat() for _ in range(int(SILENT_S / PULSE_S) + 3)]
    assert falls.count(True) == 1
    assert falls.index(True) == SILENT_S / PULSE_S
    assert is_silent("counted")
    mine.heard()
    assert not is_silent("counted")
    assert mine.silence_s == 0.0


def test_a_replica_that_ends_is_forgotten() -> None:
    mine = Pulse("ended")
    for _ in range(9):
        mine.beat()
    mine.end()
    assert not pulse._silent


@pytest.mark.parametrize(("num", "now_s", "seconds"), [(4000, 1.0, 3.0), (4000, 9.0, 3.0), (1000, 1.0, 0.0)])
def test_audio_in_hand_is_what_came_after_the_first_and_isnt_played_yet(
    num: int, now_s: float, seconds: float
) -> None:
    hand = InHand(1000)
    assert hand.seconds(0.0, 0) == 0.0
    hand.delivered(1000, 0.0)
    assert hand.seconds(0.0, 1000) == 0.0
    hand.delivered(num, now_s)
    assert hand.seconds(now_s, num) == pytest.approx(seconds)
    assert hand.seconds(now_s, num + 2500) == pytest.approx(seconds + 2.5)
