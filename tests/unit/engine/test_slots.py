"""Slots: each has one owner at most, and none is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_core.engine.slots import SlotPool


def test_the_lowest_free_slot_is_given_out() -> None:
    slots = SlotPool(4)
    assert [slots.take() for _ in range(3)] == [0, 1, 2]
    slots.free(2)
    slots.free(0)
    assert [slots.take() for _ in range(3)] == [0, 2, 3]


def test_rows_reach_to_the_highest_taken_slot() -> None:
    slots = SlotPool(4)
    assert slots.num_rows == 0
    for _ in range(3):
        slots.take()
    slots.free(1)
    assert (slots.num_rows, slots.num_taken) == (3, 2)
    slots.free(2)
    assert (slots.num_rows, slots.num_taken) == (1, 1)


def test_no_slot_is_given_out_beyond_the_last() -> None:
    slots = SlotPool(1)
    slots.take()
    assert not slots.has_free
    with pytest.raises(RuntimeError, match="all 1 slots are taken"):
        slots.take()


@pytest.mark.parametrize("slot", [0, 1, 7, -1])
def test_only_a_taken_slot_can_be_freed_and_only_once(slot: int) -> None:
    slots = SlotPool(2)
    slots.free(slots.take())
    with pytest.raises(RuntimeError, match=f"slot {slot} is not taken"):
        slots.free(slot)
    assert sorted(slots.take() for _ in range(2)) == [0, 1]


@given(st.lists(st.integers(0, 7)))
def test_no_order_of_taking_and_freeing_shares_or_loses_a_slot(choices: list[int]) -> None:
    slots, taken = SlotPool(4), set[int]()
    for choice in choices:
        if choice in taken:
            slots.free(choice)
            taken.remove(choice)
        elif len(taken) < 4:
            slot = slots.take()
            assert slot not in taken
            taken.add(slot)
        assert (slots.num_taken, slots.has_free) == (len(taken), len(taken) < 4)
        assert slots.num_rows == max(taken, default=-1) + 1
