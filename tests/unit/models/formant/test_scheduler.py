"""Who computes next, without processes: the rules, and that no one starves."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tts_core.models.formant.scheduler import Decision, Scheduler, SequenceStatus

TURN = 100
PATIENCE = 20


@dataclass(eq=False)
class Item:
    num_produced: int = 0
    num_delivered: int = 0
    max_lead: int = 1000
    status: SequenceStatus = SequenceStatus.WAITING

    @property
    def has_room(self) -> bool:
        return self.num_produced - self.num_delivered < self.max_lead

    @property
    def deadline(self) -> float:
        """In samples, for listeners who all came and began to play at 0."""
        return float(self.num_produced or PATIENCE)


def make(max_running: int, *items: Item) -> Scheduler[Item]:
    scheduler: Scheduler[Item] = Scheduler(max_running, TURN)
    for item in items:
        scheduler.add(item)
    return scheduler


def test_newcomers_go_before_those_with_audio_in_hand_and_after_those_about_to_run_dry() -> None:
    rich, poor, new, dry = Item(500), Item(200), Item(), Item(10)
    assert make(3, rich, poor, new, dry).schedule().running == [dry, new, poor]


def test_turn_is_kept_until_it_is_used_up_then_given_away() -> None:
    first, second = Item(), Item()
    scheduler = make(1, first, second)
    assert scheduler.schedule().running == [first]
    first.num_produced = TURN - 1
    assert scheduler.schedule().running == [first]
    first.num_produced = TURN
    assert scheduler.schedule() == Decision([second], [first])
    assert (first.status, second.status) == (SequenceStatus.WAITING, SequenceStatus.RUNNING)


def test_turn_goes_on_while_nobody_else_wants_one() -> None:
    only = Item()
    scheduler = make(1, only)
    for produced in (0, TURN, 3 * TURN):
        only.num_produced = produced
        assert scheduler.schedule() == Decision([only], [])


def test_full_stream_pauses_in_the_middle_of_its_turn_and_counts_for_no_one() -> None:
    full, other = Item(max_lead=10), Item()
    scheduler = make(1, full, other)
    scheduler.schedule()
    full.num_produced = 10
    assert scheduler.schedule() == Decision([other], [full])
    assert [item.status for item in (full, other)] == [SequenceStatus.PAUSED, SequenceStatus.RUNNING]
    full.num_delivered = 10
    assert full not in scheduler.schedule().running
    assert [item.status for item in (full, other)] == [SequenceStatus.WAITING, SequenceStatus.RUNNING]


def test_removal_frees_the_turn() -> None:
    first, second = Item(), Item()
    scheduler = make(1, first, second)
    scheduler.schedule()
    scheduler.remove(first)
    assert scheduler.schedule() == Decision([second], [])
    assert len(scheduler) == 1


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 4), st.lists(st.integers(1, 60), min_size=1, max_size=12))
def test_everyone_gets_turns_and_never_too_many_run(max_running: int, sizes: list[int]) -> None:
    items = [Item() for _ in sizes]
    scheduler = make(max_running, *items)
    for _ in range(TURN * len(items) + 1):
        decision = scheduler.schedule()
        assert 0 < len(decision.running) <= max_running
        assert not set(map(id, decision.running)) & set(map(id, decision.rested))
        for item, size in zip(items, sizes, strict=True):
            running = any(item is other for other in decision.running)
            assert running == (item.status is SequenceStatus.RUNNING)
            if running:
                item.num_produced += size
                item.num_delivered = max(0, item.num_produced - 300)
    assert all(item.num_produced > 0 for item in items)
