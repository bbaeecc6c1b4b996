"""Whoever waits gets a turn, however much the others ask for."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.keys.fair_queue import QUANTUM, FairQueue, Place

payers = st.sampled_from("abcd")
costs = st.integers(1, 4 * QUANTUM)


def queue_of(*places: tuple[str, int], max_places: int = 100) -> FairQueue[Place]:
    queue: FairQueue[Place] = FairQueue(max_places)
    for payer, cost in places:
        queue.push(Place(payer, cost))
    return queue


def drain(queue: FairQueue[Place]) -> list[Place]:
    return [queue.pop() for _ in range(len(queue))]


def test_a_burst_waits_behind_itself() -> None:
    queue = queue_of(*[("a", QUANTUM)] * 50, ("b", QUANTUM), ("b", QUANTUM))
    first = [place.payer for place in drain(queue)[:4]]
    assert sorted(first) == ["a", "a", "b", "b"]


def test_turns_are_counted_in_characters() -> None:
    queue = queue_of(*[("long", 5 * QUANTUM)] * 10, *[("short", QUANTUM)] * 50, max_places=100)
    spent = Counter[str]()
    for place in drain(queue)[:48]:
        spent[place.payer] += place.cost
    assert spent["long"] == pytest.approx(spent["short"], rel=0.2)


def test_nobody_saves_up_by_staying_away() -> None:
    queue = queue_of(("a", 1))
    for _ in range(20):
        queue.pop()
        queue.push(Place("a", 1))
    queue.pop()
    queue.push(Place("a", 3 * QUANTUM))
    queue.push(Place("b", QUANTUM))
    assert queue.pop().payer == "b"


def test_the_longest_line_gives_way_at_its_end() -> None:
    queue = queue_of(*[("a", number) for number in range(1, 5)], max_places=4)
    refused = Place("a", 9)
    assert queue.push(refused) is refused
    leaves = queue.push(Place("b", 9))
    assert leaves is not None
    assert (leaves.payer, leaves.cost) == ("a", 4)
    assert len(queue) == 4


def test_equal_lines_keep_a_newcomer_out_of_their_own() -> None:
    queue = queue_of(("a", 1), ("b", 1), max_places=2)
    refused = Place("b", 1)
    assert queue.push(refused) is refused


def test_who_was_popped_in_vain_is_where_they_were() -> None:
    queue = queue_of(("a", 10), ("a", 20), ("a", 30))
    first, second = queue.pop(), queue.pop()
    queue.put_back(first)
    queue.put_back(second)
    assert [place.cost for place in drain(queue)] == [10, 20, 30]


def test_put_back_keeps_the_turn() -> None:
    queue = queue_of(("a", QUANTUM), ("b", QUANTUM), ("c", QUANTUM))
    first = queue.pop()
    queue.put_back(first)
    assert queue.pop() is first


def test_an_empty_queue_has_nobody() -> None:
    with pytest.raises(IndexError):
        queue_of().pop()


@given(st.lists(st.tuples(payers, costs), max_size=60), st.data())
def test_nobody_is_lost_or_doubled_and_lines_keep_their_order(
    places: list[tuple[str, int]], data: st.DataObject
) -> None:
    queue: FairQueue[Place] = FairQueue(20)
    waiting: list[Place] = []
    for payer, cost in places:
        place = Place(payer, cost)
        leaves = queue.push(place)
        waiting = [one for one in [*waiting, place] if one is not leaves]
        action = data.draw(st.sampled_from(["stay", "pop", "leave", "try"]))
        if action == "leave" and waiting:
            gone = data.draw(st.sampled_from(waiting))
            assert queue.remove(gone)
            assert not queue.remove(gone)
            waiting.remove(gone)
        elif action in ("pop", "try") and waiting:
            popped = queue.pop()
            if action == "try":
                queue.put_back(popped)
            else:
                waiting.remove(popped)
        assert len(queue) == len(waiting) <= 20
        assert set(queue) == set(waiting)
    left = drain(queue)
    assert set(left) == set(waiting)
    for payer in "abcd":
        numbers = [place.number for place in left if place.payer == payer]
        assert numbers == sorted(numbers)


@given(st.lists(costs, min_size=1, max_size=30), costs)
def test_a_newcomer_waits_for_a_round_at_most(burst: list[int], cost: int) -> None:
    queue = queue_of(*[("a", one) for one in burst], ("b", cost))
    ahead = 0
    while (place := queue.pop()).payer == "a":
        ahead += place.cost
    assert ahead <= cost + 2 * QUANTUM
