"""Admission: by slots, and by what those who are here need."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from deployments.config import GPTSoVITSArgs
from tests.unit.engine.support import new_sequence
from tts_core.engine.admission import STALLED_S, Admission
from tts_core.engine.costs import Costs
from tts_core.engine.operations import Vocode
from tts_core.engine.sequence import SequenceStatus
from tts_core.errors import Overloaded
from tts_core.models.gpt_sovits.vocoding import WINDOW_FRAMES

NUM_SLOTS = 8
FRAMES_PER_S = 50
MOST_STREAMS = 12


def admission(voice_s: float, min_pace: float) -> Admission:
    """Return the admission of an engine that takes so long for each second of each listener's audio."""
    costs = Costs(NUM_SLOTS)
    if voice_s:
        costs.observe(Vocode((new_sequence(SequenceStatus.DECODED),)), voice_s, audio_s=1.0)
    return Admission(costs, NUM_SLOTS, MOST_STREAMS, min_pace)


def admits(door: Admission, num_open: int, num_stalled: int = 0) -> bool:
    try:
        door.check(num_open, num_stalled)
    except Overloaded:
        return False
    return True


def num_admitted(door: Admission) -> int:
    return next(num_open for num_open in range(NUM_SLOTS + 1) if not admits(door, num_open))


@pytest.mark.parametrize("min_pace", [0.0, 1.0])
def test_slots_decide_where_costs_are_not_known(min_pace: float) -> None:
    assert num_admitted(admission(0.0, min_pace)) == NUM_SLOTS


def test_slots_alone_decide_where_no_pace_is_wanted() -> None:
    assert num_admitted(admission(99.0, min_pace=0.0)) == NUM_SLOTS


@pytest.mark.parametrize(
    ("voice_s", "min_pace", "expected"), [(0.24, 1.0, 4), (0.24, 2.0, 2), (0.24, 0.5, 8), (0.3, 1.0, 3)]
)
def test_as_many_come_in_as_keep_the_pace(voice_s: float, min_pace: float, expected: int) -> None:
    assert num_admitted(admission(voice_s, min_pace)) == expected


def test_the_first_comes_in_however_slow_it_is() -> None:
    assert num_admitted(admission(99.0, min_pace=1.0)) == 1


@pytest.mark.parametrize(
    ("door", "num_open", "reason"),
    [
        (admission(0.0, 0.0), NUM_SLOTS, "all 8 slots are taken"),
        (admission(99.0, 1.0), 1, "one more than 1 listeners could not be kept supplied"),
    ],
)
def test_a_refusal_says_why_and_when_to_come_again(door: Admission, num_open: int, reason: str) -> None:
    with pytest.raises(Overloaded, match=reason) as caught:
        door.check(num_open)
    assert caught.value.retry_after_s


@pytest.mark.parametrize(("voice_s", "min_pace"), [(0.0, 0.0), (0.24, 1.0), (0.24, 0.5), (99.0, 1.0)])
@pytest.mark.parametrize("num_stalled", [0, 2])
def test_free_slots_are_as_many_as_would_be_let_in(voice_s: float, min_pace: float, num_stalled: int) -> None:
    door = admission(voice_s, min_pace)
    for num_open in range(num_stalled, MOST_STREAMS + 1):
        told, num_let_in = door.num_free(num_open, num_stalled), 0
        while admits(door, num_open + num_let_in, num_stalled):
            num_let_in += 1
        assert told == num_let_in


# Those who have stalled


def test_that_a_slot_will_be_lent_is_foreseen_where_it_lets_somebody_in() -> None:
    assert admission(0.0, min_pace=0.0).lends_after_s(NUM_SLOTS) == STALLED_S
    assert admission(0.0, min_pace=0.0).lends_after_s(MOST_STREAMS) == math.inf
    assert admission(0.0, min_pace=1.0).lends_after_s(NUM_SLOTS) == math.inf


@pytest.mark.parametrize("min_pace", [0.0, 1.0])
def test_whoever_has_stalled_takes_no_slot_up_to_a_number_of_streams(min_pace: float) -> None:
    door = admission(0.0, min_pace)
    assert not admits(door, NUM_SLOTS, num_stalled=0)
    assert admits(door, NUM_SLOTS, num_stalled=1)
    assert not admits(door, NUM_SLOTS + 1, num_stalled=1)
    assert admits(door, MOST_STREAMS - 1, num_stalled=MOST_STREAMS - 1)
    with pytest.raises(Overloaded, match="12 streams are open already"):
        door.check(MOST_STREAMS, num_stalled=MOST_STREAMS)


def test_whoever_has_stalled_counts_for_the_pace_that_they_will_want_again() -> None:
    door = admission(0.1, min_pace=1.0)
    assert admits(door, 9, num_stalled=9)
    assert not admits(door, 10, num_stalled=10)


def test_slots_alone_are_lent_by_those_only_who_do_not_listen() -> None:
    """A player with a small buffer has no room half of the time, and needs its slot all the same."""
    assert admission(0.0, min_pace=1.0).stalled_after_s == 0.0
    assert admission(0.0, min_pace=0.0).stalled_after_s > max(WINDOW_FRAMES) / FRAMES_PER_S


@pytest.mark.parametrize(("max_streams", "expected"), [(None, 6), (4, 4), (32, 32)])
def test_so_many_streams_can_be_configured(max_streams: int | None, expected: int) -> None:
    assert GPTSoVITSArgs(num_slots=4, max_streams=max_streams).most_streams == expected


def test_fewer_streams_than_slots_are_a_mistake() -> None:
    with pytest.raises(ValidationError, match="max_streams 3 is less than num_slots 4"):
        GPTSoVITSArgs(num_slots=4, max_streams=3)
