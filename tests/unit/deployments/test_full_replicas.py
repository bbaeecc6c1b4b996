"""Nobody asks again where everyone has just said no, and everybody does where someone may say yes."""

from __future__ import annotations

import time

import pytest

from deployments.full_replicas import FullReplicas, is_full
from deployments.keys.door import PROBE_S
from tests.unit.keys.support import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def replicas(clock: Clock, *running: str) -> FullReplicas:
    return FullReplicas(lambda: frozenset(running), clock)


def test_one_refusal_is_enough_where_there_is_one(clock: Clock) -> None:
    full = replicas(clock, "a")
    assert not full.are_all()
    full.note("a")
    assert full.are_all()


def test_each_of_several_must_have_refused(clock: Clock) -> None:
    full = replicas(clock, "a", "b")
    full.note("a")
    full.note("a")
    assert not full.are_all()
    full.note("b")
    assert full.are_all()


def test_a_stream_that_ended_may_have_left_room_anywhere(clock: Clock) -> None:
    full = replicas(clock, "a")
    full.note("a")
    full.freed()
    assert not full.are_all()


def test_refusals_grow_old(clock: Clock) -> None:
    full = replicas(clock, "a", "b")
    full.note("a")
    clock.now_s += PROBE_S / 2
    full.note("b")
    assert full.are_all()
    clock.now_s += PROBE_S / 2
    assert not full.are_all()


def test_a_newcomer_has_refused_nobody(clock: Clock) -> None:
    running = {"a"}
    full = FullReplicas(lambda: frozenset(running), clock)
    full.note("a")
    running.add("b")
    assert not full.are_all()
    running.remove("a")
    full.note("b")
    assert full.are_all()


def test_everybody_in_the_process_knows_who_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    full, others = replicas(clock, "a"), replicas(clock, "b")
    full.note("a")
    others.note("b")
    assert (is_full("a"), is_full("b"), is_full("c")) == (True, True, False)
    full.freed()
    assert (is_full("a"), is_full("b")) == (False, True)
    clock.now_s += PROBE_S
    assert not is_full("b")


def test_where_none_is_known_nothing_is(clock: Clock) -> None:
    full = replicas(clock)
    full.note("")
    assert not full.are_all()
