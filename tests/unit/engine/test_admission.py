"""Admission: by slots, and by what those who are here need."""

from __future__ import annotations

import pytest

from tests.unit.engine.support import new_sequence
from tts_core.engine.admission import Admission
from tts_core.engine.costs import Costs
from tts_core.engine.operations import Vocode
from tts_core.engine.sequence import SequenceStatus
from tts_core.errors import Overloaded

NUM_SLOTS = 8


def admission(voice_s: float, min_pace: float) -> Admission:
    """Return the admission of an engine that takes so long for each second of each listener's audio."""
    costs = Costs(NUM_SLOTS)
    if voice_s:
        costs.observe(Vocode((new_sequence(SequenceStatus.DECODED),)), voice_s, audio_s=1.0)
    return Admission(costs, NUM_SLOTS, min_pace)


def admits(door: Admission, num_open: int) -> bool:
    try:
        door.check(num_open)
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
