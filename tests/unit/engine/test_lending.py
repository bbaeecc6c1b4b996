"""Slots that are lent: by whom, to whom, and that whoever lent one goes on where they were."""

from __future__ import annotations

import pytest

from tests.unit.engine import support
from tests.unit.engine.support import (
    MAX_LEAD_SAMPLES,
    NUM_TOKENS,
    RATE_HZ,
    Driver,
    fake_stream,
    new_listener,
    new_sequence,
    resume,
    stall,
)
from tts_core.engine.lending import MARGIN_S
from tts_core.engine.operations import Decode, Park, Prefill, Restore
from tts_core.engine.policies import LeastHeadroom, Options, RoundRobin
from tts_core.engine.scheduler import Scheduler
from tts_core.engine.sequence import Sequence, SequenceStatus

LATER = 1e12
"""A deadline that is further away than any that is reckoned from now."""


def new_driver(num_slots: int = 1, num_shelves: int = 2, *, is_early: bool = False) -> Driver:
    return Driver(Scheduler(num_slots, LeastHeadroom(), num_shelves=num_shelves), is_early=is_early)


def come(driver: Driver, name: str, deadline: float = 0.0, num_segments: int = 1) -> Sequence:
    """Let someone in, whose first segment is ready for a slot."""
    sequence = driver.add(new_listener(name, deadline), num_segments)
    driver.reading.remove(sequence)
    driver.reading.appendleft(sequence)
    driver.read()
    return sequence


def begin(driver: Driver, name: str, deadline: float = 0.0, num_segments: int = 1) -> Sequence:
    """Let someone in, and into a free slot."""
    sequence = come(driver, name, deadline, num_segments)
    while sequence.status is not SequenceStatus.RUNNING:
        assert driver.step()
    return sequence


def park(driver: Driver, name: str = "parked") -> Sequence:
    """Return the sequence of someone who stalled, parked for somebody else who is still there."""
    sequence = begin(driver, name)
    stall(sequence.listener)
    begin(driver, f"after {name}")
    assert sequence.status is SequenceStatus.PARKED
    return sequence


# Whoever has no room


def test_a_slot_is_lent_where_someone_needs_it_and_none_is_free() -> None:
    driver = new_driver()
    lender = begin(driver, "lender")
    stall(lender.listener)
    assert driver.step() is None
    borrower = come(driver, "borrower")
    assert driver.step() == Park(lender)
    assert (lender.status, lender.slot, lender.shelf) == (SequenceStatus.PARKED, None, 0)
    assert driver.step() == Prefill(borrower)
    assert borrower.slot == 0


def test_a_slot_that_is_free_is_taken_first() -> None:
    driver = new_driver(num_slots=2)
    stall(begin(driver, "stalled").listener)
    come(driver, "other")
    assert Park not in {type(one) for one in driver.run()}
    assert driver.finished == ["other"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_who_has_had_no_room_for_the_longest_lends_first(order: tuple[int, ...]) -> None:
    driver = new_driver(num_slots=3, num_shelves=3)
    lenders = [begin(driver, str(number)) for number in range(3)]
    for number in order:
        stall(lenders[number].listener)
        driver.step()
    for name, number in zip("abc", order, strict=True):
        come(driver, name)
        assert driver.step() == Park(lenders[number])
        assert isinstance(driver.step(), Prefill)


def test_room_for_a_moment_makes_someone_the_last_to_lend() -> None:
    driver = new_driver(num_slots=2)
    first, second = begin(driver, "first", LATER), begin(driver, "second", LATER)
    for one in (first, second):
        stall(one.listener)
        driver.step()
    resume(first.listener)
    driver.step()
    stall(first.listener)
    driver.step()
    come(driver, "newcomer", LATER)
    assert driver.step() == Park(second)


def test_nobody_lends_for_someone_who_has_no_room_either() -> None:
    driver = new_driver()
    stall(begin(driver, "lender").listener)
    stall(come(driver, "other").listener)
    assert driver.step() is None


def test_whoever_has_left_lends_nothing() -> None:
    driver = new_driver()
    lender = begin(driver, "lender")
    stall(lender.listener)
    fake_stream(lender.listener).closed = True
    come(driver, "borrower")
    assert driver.step() is None  # the slot is about to be free
    driver.remove(lender.listener)
    assert isinstance(driver.step(), Prefill)


def test_without_shelves_nothing_is_lent() -> None:
    driver = new_driver(num_shelves=0)
    stall(begin(driver, "lender").listener)
    come(driver, "borrower")
    assert driver.step() is None


def test_no_more_is_lent_than_there_are_shelves() -> None:
    driver = new_driver(num_slots=2, num_shelves=1)
    for name in "ab":
        stall(begin(driver, name).listener)
    for name in "cd":
        come(driver, name)
    done = [driver.step(), driver.step()]
    assert [type(one) for one in done] == [Park, Prefill]
    assert driver.scheduler.num_parked == 1
    driver.run()
    assert driver.finished == ["c", "d"]


def test_no_segment_is_begun_before_one_that_is_parked() -> None:
    driver = new_driver(num_slots=2)
    parked = begin(driver, "parked", num_segments=2)
    stall(parked.listener)
    begin(driver, "a")
    begin(driver, "b")
    assert parked.status is SequenceStatus.PARKED
    ahead = driver.read()
    assert ahead is not None
    assert ahead.status is SequenceStatus.WAITING
    resume(parked.listener)
    entered = [one.sequences[0] for one in driver.run() if isinstance(one, Prefill | Restore)]
    assert entered == [parked, ahead]
    assert sorted(driver.finished) == ["a", "b", "parked"]


# Coming back


def test_whoever_has_room_again_goes_on_where_they_were() -> None:
    driver = new_driver()
    parked = park(driver)
    num_codes = len(parked.codes)
    assert driver.run()[-1].sequences[0].listener.request_id == "after parked"
    assert driver.step() is None
    resume(parked.listener)
    assert driver.step() == Restore(parked)
    assert (parked.status, parked.slot, parked.shelf) == (SequenceStatus.RUNNING, 0, None)
    done = driver.run()
    assert Prefill not in {type(one) for one in done}
    assert [type(one) for one in done].count(Decode) == NUM_TOKENS - num_codes
    assert driver.finished == ["after parked", "parked"]
    driver.scheduler.check_idle()


def test_they_wait_for_a_slot_like_anyone() -> None:
    driver = new_driver()
    parked = park(driver)
    resume(parked.listener)
    assert isinstance(driver.step(), Decode)
    assert parked.status is SequenceStatus.PARKED
    assert Park not in {type(one) for one in driver.run()}
    assert sorted(driver.finished) == ["after parked", "parked"]


def test_they_take_the_slot_of_someone_who_has_stalled_meanwhile() -> None:
    driver = new_driver()
    parked = park(driver)
    other = driver.scheduler.listeners[1].sequences[0]
    stall(other.listener)
    resume(parked.listener)
    assert [driver.step(), driver.step()] == [Park(other), Restore(parked)]
    driver.run()
    resume(other.listener)
    driver.run()
    assert driver.finished == ["parked", "after parked"]


def test_they_take_nobodys_slot_for_next_to_no_room() -> None:
    driver = new_driver()
    parked = park(driver)
    stall(driver.scheduler.listeners[1])
    listener = parked.listener
    fake_stream(listener).num_delivered = listener.num_produced - MAX_LEAD_SAMPLES + 1
    assert listener.has_room
    assert driver.step() is None
    fake_stream(listener).num_delivered += int(MARGIN_S * RATE_HZ)
    assert isinstance(driver.step(), Park)


def test_a_free_slot_is_theirs_for_any_room() -> None:
    driver = new_driver()
    parked = park(driver)
    driver.run()
    listener = parked.listener
    fake_stream(listener).num_delivered = listener.num_produced - MAX_LEAD_SAMPLES + 1
    assert driver.step() == Restore(parked)


def test_what_was_made_while_they_were_away_is_heard_first() -> None:
    driver = new_driver(is_early=True)
    parked = begin(driver, "parked")
    driver.step()
    stall(parked.listener)
    begin(driver, "other", LATER)
    assert parked.status is SequenceStatus.PARKED
    resume(parked.listener)
    voiced = driver.step()
    assert voiced is not None
    assert voiced.sequences == (parked,)
    driver.run()
    assert sorted(driver.finished) == ["other", "parked"]


# Whoever is far ahead


@pytest.mark.parametrize(("ahead_s", "lends"), [(MARGIN_S, False), (MARGIN_S + 0.1, True)])
def test_who_is_far_ahead_lends_to_who_runs_dry_sooner(ahead_s: float, lends: bool) -> None:
    driver = new_driver()
    running = begin(driver, "running", ahead_s)
    come(driver, "newcomer")
    assert (driver.step() == Park(running)) is lends


def test_of_several_the_furthest_ahead_lends() -> None:
    driver = new_driver(num_slots=3)
    running = [begin(driver, str(number), LATER + number) for number in (1, 3, 2)]
    come(driver, "newcomer")
    assert driver.step() == Park(running[1])


def test_who_has_no_room_lends_before_who_is_far_ahead() -> None:
    driver = new_driver(num_slots=2)
    begin(driver, "ahead", LATER)
    stalled = begin(driver, "stalled")
    stall(stalled.listener)
    come(driver, "newcomer")
    assert driver.step() == Park(stalled)


def test_two_who_change_places_do_so_for_some_audio_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "NUM_TOKENS", 10**6)
    driver, num_changes = new_driver(), 0
    streams = [fake_stream(one.listener) for one in (begin(driver, "a"), come(driver, "b"))]
    for _ in range(1000):
        operation = driver.step()
        num_changes += isinstance(operation, Park)
        if isinstance(operation, Decode):
            fake_stream(operation.sequences[0].listener).deadline += 0.1
    made_s = [stream.deadline for stream in streams]
    assert abs(made_s[0] - made_s[1]) < MARGIN_S + 0.2
    assert 3 < num_changes <= sum(made_s) / (2 * MARGIN_S) + 1


# Leaving


def test_whoever_leaves_while_parked_gives_the_shelf_back_once() -> None:
    driver = new_driver()
    parked = park(driver)
    assert driver.scheduler.remove(parked.listener) == (parked,)
    assert driver.scheduler.remove(parked.listener) == ()
    assert parked.status is SequenceStatus.DROPPED
    driver.scheduler.free_shelf(parked)
    with pytest.raises(RuntimeError, match="segment 0 of request 'parked' is on no shelf"):
        driver.scheduler.free_shelf(parked)
    driver.run()
    driver.scheduler.check_idle()


def test_a_lost_shelf_is_noticed_when_nobody_is_here() -> None:
    driver = new_driver()
    parked = park(driver)
    driver.run()
    driver.scheduler.check_idle()
    driver.scheduler.remove(parked.listener)
    with pytest.raises(RuntimeError, match=r"shelves \[0\] are taken, and \[\] are anyone's"):
        driver.scheduler.check_idle()


# Policies


def offered(parked: Sequence, running: tuple[Sequence, ...]) -> Options:
    return Options(waiting=(parked,), running=running, voicing=())


def test_coming_back_is_not_put_off_for_those_who_would_run_dry_for_a_prompt() -> None:
    policy = LeastHeadroom(prefill_s=lambda: 1.0, clock=lambda: 100.0)
    endangered = new_sequence(SequenceStatus.RUNNING, 100.5)
    parked = new_sequence(SequenceStatus.PARKED, 109.0)
    newcomer = new_sequence(SequenceStatus.WAITING, 109.0)
    assert policy.pick(offered(newcomer, (endangered,))) == Decode((endangered,))
    assert policy.pick(offered(parked, (endangered,))) == Restore(parked)


def test_in_turn_whoever_is_parked_comes_back_too() -> None:
    parked, policy = new_sequence(SequenceStatus.PARKED), RoundRobin()
    running = new_sequence(SequenceStatus.RUNNING)
    picked = {type(policy.pick(offered(parked, (running,)))) for _ in range(3)}
    assert picked == {Restore, Decode}


def test_one_slot_serves_many_who_listen_by_fits_and_starts() -> None:
    driver = new_driver(num_slots=1, num_shelves=5)
    listeners = [come(driver, name, num_segments=3).listener for name in "abcde"]
    for turn in range(2000):
        for number, listener in enumerate(listeners):
            if turn % 5 == number:
                resume(listener)
            elif driver.scheduler.knows(listener):
                stall(listener)
        while driver.reading:
            driver.read()
        driver.step()
    for listener in listeners:
        resume(listener)
    driver.run()
    assert sorted(driver.finished) == list("abcde")
    driver.scheduler.check_idle()
