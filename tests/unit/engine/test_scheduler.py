"""The scheduler: who is where, who holds which slot, and that everyone gets to their end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.unit.engine.support import (
    MAX_LEAD_SAMPLES,
    NUM_TOKENS,
    Driver,
    fake_stream,
    new_listener,
    resume,
    stall,
)
from tts_core.engine.operations import Decode, Prefill, Shape, Vocode
from tts_core.engine.policies import LeastHeadroom, Policy, RoundRobin
from tts_core.engine.scheduler import MAX_SEGMENTS_AHEAD, Scheduler
from tts_core.engine.sequence import Sequence, SequenceStatus

MakePolicy = Callable[[], Policy]
POLICIES: tuple[MakePolicy, ...] = (LeastHeadroom, RoundRobin)


def new_scheduler(num_slots: int = 2, window_rows: int = 1) -> Scheduler:
    return Scheduler(num_slots, LeastHeadroom(), window_rows)


def step_until(driver: Driver, status: SequenceStatus, sequence: Sequence) -> None:
    """Bring a sequence to a status."""
    if sequence.status is SequenceStatus.READING and status is not SequenceStatus.READING:
        driver.read()
    for _ in range(100):
        if sequence.status is status:
            return
        driver.step()
    raise AssertionError(f"{sequence!r} never was {status}")


def test_scheduling_needs_no_torch() -> None:
    code = "import sys, tts_core.engine.scheduler, tts_core.engine.policies; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Statuses


def test_a_sequence_goes_from_reading_to_spoken() -> None:
    driver, listener = Driver(new_scheduler()), new_listener()
    sequence = driver.add(listener)
    seen = [sequence.status]
    driver.read()
    seen.append(sequence.status)
    while driver.step():
        seen.append(sequence.status)
    assert list(dict.fromkeys(seen)) == [
        SequenceStatus.READING,
        SequenceStatus.WAITING,
        SequenceStatus.RUNNING,
        SequenceStatus.DECODED,
        SequenceStatus.SPOKEN,
    ]
    assert driver.finished == ["r"]
    assert not driver.scheduler.knows(listener)


def test_what_is_done_is_a_prompt_then_tokens_then_latents_then_windows() -> None:
    driver = Driver(new_scheduler())
    driver.add(new_listener())
    kinds = [type(operation) for operation in driver.run()]
    assert kinds == [Prefill, *[Decode] * (NUM_TOKENS - 1), Shape, Vocode, Vocode]


def test_a_slot_is_held_from_the_prompt_to_the_last_token() -> None:
    driver = Driver(new_scheduler())
    sequence = driver.add(new_listener())
    driver.read()
    assert sequence.slot is None
    held: list[int | None] = []
    while driver.step():
        held.append(sequence.slot)
    assert held == [0] * (NUM_TOKENS - 1) + [None] * (len(held) - NUM_TOKENS + 1)


def test_work_before_the_last_token_is_done_while_its_segment_is_decoded() -> None:
    driver = Driver(new_scheduler(), is_early=True)
    driver.add(new_listener())
    kinds = [type(operation) for operation in driver.run()]
    assert kinds.index(Vocode) < len(kinds) - 1 - kinds[::-1].index(Decode)
    assert driver.finished == ["r"]


def test_the_same_listener_is_not_taken_on_twice() -> None:
    scheduler = new_scheduler()
    scheduler.add(new_listener())
    with pytest.raises(RuntimeError, match="'r' is here already"):
        scheduler.add(new_listener())


# Slots


@pytest.mark.parametrize("make_policy", POLICIES)
def test_a_listener_never_holds_two_slots(make_policy: MakePolicy) -> None:
    driver = Driver(Scheduler(4, make_policy()))
    driver.add(new_listener(), num_segments=5)
    for operation in driver.run():
        assert len(operation.sequences) == 1
    assert driver.finished == ["r"]


@pytest.mark.parametrize("make_policy", POLICIES)
def test_all_slots_are_used_at_once_and_the_rest_waits(make_policy: MakePolicy) -> None:
    driver = Driver(Scheduler(3, make_policy()))
    for name in "abcde":
        driver.add(new_listener(name))
    done = driver.run()
    assert max(len(one.sequences) for one in done if isinstance(one, Decode)) == 3
    assert sorted(driver.finished) == list("abcde")


def test_freeing_twice_is_an_error() -> None:
    driver = Driver(new_scheduler())
    sequence = driver.add(new_listener())
    step_until(driver, SequenceStatus.RUNNING, sequence)
    driver.scheduler.free(sequence)
    with pytest.raises(RuntimeError, match="segment 0 of request 'r' holds no slot"):
        driver.scheduler.free(sequence)


def test_a_lost_slot_is_noticed_when_nobody_is_here() -> None:
    driver, listener = Driver(new_scheduler()), new_listener()
    step_until(driver, SequenceStatus.RUNNING, driver.add(listener))
    driver.scheduler.check_idle()
    held = driver.scheduler.remove(listener)
    with pytest.raises(RuntimeError, match=r"slots \[0\] are taken"):
        driver.scheduler.check_idle()
    driver.scheduler.free(held[0])
    driver.scheduler.check_idle()


# Segments


def test_one_segment_is_prepared_ahead_of_the_one_that_is_heard() -> None:
    driver, listener = Driver(new_scheduler(num_slots=1)), new_listener()
    first = driver.add(listener, num_segments=4)
    step_until(driver, SequenceStatus.RUNNING, first)
    assert [one.index for one in driver.reading] == [1]
    ahead = 0
    while driver.reading or driver.step():
        if driver.reading:
            driver.read()
        ahead = max(ahead, len(listener.sequences) - 1)
    assert ahead == MAX_SEGMENTS_AHEAD
    assert driver.finished == ["r"]


def test_a_segment_behind_is_not_voiced_before_the_one_in_front() -> None:
    driver = Driver(new_scheduler())
    driver.add(new_listener(), num_segments=3)
    voiced = [one.sequences[0].index for one in driver.run() if isinstance(one, Shape | Vocode)]
    assert voiced == sorted(voiced)
    assert set(voiced) == {0, 1, 2}


# Pauses


@pytest.mark.parametrize(
    "status", [SequenceStatus.WAITING, SequenceStatus.RUNNING, SequenceStatus.DECODED], ids=str
)
@pytest.mark.parametrize("make_policy", POLICIES)
def test_a_listener_without_room_is_not_scheduled_and_goes_on_later(
    make_policy: MakePolicy, status: SequenceStatus
) -> None:
    driver = Driver(Scheduler(2, make_policy()))
    stalled = new_listener("stalled")
    step_until(driver, status, driver.add(stalled, num_segments=2))
    stall(stalled)
    driver.add(new_listener("other"))
    done = driver.run()
    assert {one.listener.request_id for operation in done for one in operation.sequences} == {"other"}
    assert driver.finished == ["other"]
    resume(stalled)
    driver.run()
    assert driver.finished == ["other", "stalled"]


def test_a_paused_sequence_keeps_its_slot() -> None:
    driver = Driver(new_scheduler())
    stalled = new_listener("stalled")
    sequence = driver.add(stalled)
    step_until(driver, SequenceStatus.RUNNING, sequence)
    stall(stalled)
    driver.add(new_listener("other"))
    slots = {one.slot for step in driver.run() if isinstance(step, Prefill) for one in step.sequences}
    assert sequence.slot == 0
    assert slots <= {1, None}


def test_room_is_what_was_made_beyond_what_was_delivered() -> None:
    listener = new_listener()
    listener.num_produced = MAX_LEAD_SAMPLES
    assert not listener.has_room
    fake_stream(listener).num_delivered = 1
    assert listener.has_room


def test_whoever_left_is_not_scheduled_even_before_they_are_removed() -> None:
    driver, listener = Driver(new_scheduler()), new_listener()
    driver.add(listener)
    driver.read()
    fake_stream(listener).closed = True
    assert driver.step() is None


# Removal


@pytest.mark.parametrize(
    "status",
    [
        SequenceStatus.READING,
        SequenceStatus.WAITING,
        SequenceStatus.RUNNING,
        SequenceStatus.DECODED,
        SequenceStatus.SPOKEN,
    ],
    ids=str,
)
def test_removal_gives_a_slot_back_exactly_once(status: SequenceStatus) -> None:
    driver, listener = Driver(new_scheduler(num_slots=1)), new_listener()
    first = driver.add(listener, num_segments=2)
    step_until(driver, status, first)
    sequences = tuple(listener.sequences)
    held = driver.scheduler.remove(listener)
    assert held == ((first,) if status is SequenceStatus.RUNNING else ())
    assert driver.scheduler.remove(listener) == ()
    assert {one.status for one in sequences} == {SequenceStatus.DROPPED}
    for one in held:
        driver.scheduler.free(one)
    driver.scheduler.check_idle()
    driver.add(new_listener("next"))
    driver.run()
    assert driver.finished == ["next"]


def test_removal_while_the_second_segment_runs_frees_its_slot() -> None:
    driver, listener = Driver(new_scheduler(num_slots=1)), new_listener()
    driver.add(listener, num_segments=2)
    step_until(driver, SequenceStatus.DECODED, listener.sequences[0])
    second = driver.read()
    assert second is not None
    step_until(driver, SequenceStatus.RUNNING, second)
    assert driver.scheduler.remove(listener) == (second,)


def test_what_was_removed_is_never_scheduled() -> None:
    driver, listener = Driver(new_scheduler()), new_listener()
    step_until(driver, SequenceStatus.WAITING, driver.add(listener))
    driver.remove(listener)
    assert driver.step() is None


def test_a_later_listener_of_the_same_id_is_another_one() -> None:
    driver, earlier, later = Driver(new_scheduler()), new_listener(), new_listener()
    driver.add(earlier)
    driver.remove(earlier)
    driver.add(later)
    assert not driver.scheduler.knows(earlier)
    assert driver.scheduler.remove(earlier) == ()
    driver.run()
    assert driver.finished == ["r"]
