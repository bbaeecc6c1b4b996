"""Nobody asks again where everyone is known to be full, and everybody does where someone may say yes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from deployments import full_replicas
from deployments.full_replicas import IN_TOUCH_S, FullReplicas, is_full
from deployments.keys.door import PROBE_S
from deployments.pulse import PULSE_S, SILENT_S, Pulse
from tests.unit.keys.support import Clock
from tts_core.engine.protocol import Room
from tts_core.errors import Overloaded

FULL = Room(0, 8.0)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    yield clock
    full_replicas._words.clear()


def replicas(*running: str, model: str = "m") -> FullReplicas:
    return FullReplicas(model, lambda: frozenset(running))


def refuse(full: FullReplicas, clock: Clock, *names: str) -> None:
    """Have replicas refuse a request that is made now."""
    for name in names:
        full.answered(name, FULL, clock.now_s)


def test_one_refusal_is_enough_where_there_is_one(clock: Clock) -> None:
    full = replicas("a")
    full.check()
    refuse(full, clock, "a")
    with pytest.raises(Overloaded) as caught:
        full.check()
    assert caught.value.retry_after_s == 8.0


def test_each_of_several_must_have_refused(clock: Clock) -> None:
    full = replicas("a", "b")
    refuse(full, clock, "a", "a")
    assert full.num_free() is None
    refuse(full, clock, "b")
    assert full.num_free() == 0


def test_whoever_takes_the_last_slot_says_so(clock: Clock) -> None:
    full = replicas("a", "b")
    full.answered("a", Room(0, 8.0), clock.now_s)
    full.answered("b", Room(1, 8.0), clock.now_s)
    assert full.num_free() == 1
    full.answered("b", Room(0, 8.0), clock.now_s)
    assert full.num_free() == 0


def test_a_stream_that_ended_leaves_room_there_and_nowhere_else(clock: Clock) -> None:
    full = replicas("a", "b")
    refuse(full, clock, "a", "b")
    full.freed("a")
    assert full.num_free() == 1
    assert (is_full("a"), is_full("b")) == (False, True)


def test_who_was_full_before_a_stream_ended_may_have_room_since(clock: Clock) -> None:
    """The word of its end comes by another way, and may be there first."""
    full = replicas("a")
    asked_at_s = clock.now_s
    clock.now_s += 0.01
    full.freed("a")
    full.answered("a", FULL, asked_at_s)
    assert full.num_free() != 0
    clock.now_s += 0.01
    refuse(full, clock, "a")
    assert full.num_free() == 0


def test_refusals_grow_old(clock: Clock) -> None:
    full = replicas("a", "b")
    refuse(full, clock, "a")
    clock.now_s += PROBE_S / 2
    refuse(full, clock, "b")
    assert full.num_free() == 0
    clock.now_s += PROBE_S / 2
    assert full.num_free() is None


def test_what_comes_with_signs_of_life_holds_until_the_next_ones(clock: Clock) -> None:
    full = replicas("a")
    full.said("a", FULL)
    refuse(full, clock, "a")
    clock.now_s += IN_TOUCH_S - 0.01
    assert full.num_free() == 0
    clock.now_s += 0.01
    assert full.num_free() is None
    assert not is_full("a")


def test_a_listener_who_has_stalled_leaves_room_that_is_heard_of(clock: Clock) -> None:
    full = replicas("a")
    refuse(full, clock, "a")
    full.said("a", Room(1, 8.0))
    full.check()
    assert not is_full("a")


def test_the_time_until_there_is_room_passes(clock: Clock) -> None:
    full = replicas("a", "b")
    assert full.soonest_s() is None
    full.said("a", Room(0, 8.0))
    full.said("b", Room(0, 5.0))
    clock.now_s += 0.5
    assert full.soonest_s() == pytest.approx(4.5)
    full.said("b", Room(0, 9.0))
    assert full.soonest_s() == pytest.approx(7.5)
    full.said("a", Room(0, 0.1))
    clock.now_s += 0.2
    assert full.soonest_s() == 0.0


def test_a_newcomer_has_refused_nobody(clock: Clock) -> None:
    running = {"a"}
    full = FullReplicas("m", lambda: frozenset(running))
    refuse(full, clock, "a")
    running.add("b")
    assert full.num_free() is None
    running.remove("a")
    refuse(full, clock, "b")
    assert full.num_free() == 0


def test_a_silent_one_has_no_say_as_long_as_another_lives(clock: Clock) -> None:
    full = replicas("a", "b")
    refuse(full, clock, "a")
    pulse = Pulse("b")
    for _ in range(int(SILENT_S / PULSE_S) + 1):
        pulse.beat()
    assert full.num_free() == 0
    pulse.end()
    assert full.num_free() is None


def test_everybody_in_the_process_knows_who_is_full_for_which_model(clock: Clock) -> None:
    full, others = replicas("a", "b", model="m"), replicas("a", "b", model="n")
    refuse(full, clock, "a")
    refuse(others, clock, "b")
    assert (is_full("a", "m"), is_full("a", "n"), is_full("a")) == (True, False, True)
    assert (is_full("b", "m"), is_full("b", "n"), is_full("c")) == (False, True, False)
    assert (full.num_free(), others.num_free()) == (None, None)
    clock.now_s += PROBE_S
    assert not is_full("a")


def test_what_is_too_old_is_forgotten(clock: Clock) -> None:
    full = replicas("b")
    refuse(full, clock, "a")
    clock.now_s += PROBE_S
    refuse(full, clock, "b")
    assert [replica for replica, _ in full_replicas._words] == ["b"]


def test_where_none_is_known_nothing_is(clock: Clock) -> None:
    full = replicas()
    refuse(full, clock, "")
    assert full.num_free() is None
