"""Where replicas say what room they have, nobody asks in vain, and nobody waits for those who do."""

from __future__ import annotations

import asyncio

import pytest

from deployments.keys import door as door_module
from deployments.keys.door import MAX_ASKING
from tests.support.waiting import until
from tests.unit.keys.behind_the_door import Replicas, Told, door
from tts_core.errors import Overloaded, UnknownVoice


async def test_where_all_are_known_to_be_full_nobody_asks_and_the_time_is_told() -> None:
    replicas, told = Replicas(0), Told(0, 7.5)
    way_in = door(known=told)
    assert way_in.is_shut
    for _ in range(3):
        with pytest.raises(Overloaded) as caught:
            way_in.check()
        assert caught.value.retry_after_s == 7.5
        with pytest.raises(Overloaded):
            await way_in.enter("a", 10, replicas.asking("x"))
    assert replicas.num_asked == 0
    told.free = replicas.num_free = 1
    assert await way_in.enter("a", 10, replicas.asking("y")) == "y"


async def test_no_more_ask_than_there_are_free_slots() -> None:
    replicas, told = Replicas(3), Told(3)
    way_in = door(known=told)

    async def asking(name: str) -> str:
        entered = await replicas.asking(name)()
        told.free = replicas.num_free
        return entered

    outcomes = await asyncio.gather(
        *(way_in.enter("a", 10, lambda: asking("x")) for _ in range(20)), return_exceptions=True
    )
    assert outcomes.count("x") == 3
    assert sum(isinstance(outcome, Overloaded) for outcome in outcomes) == 17
    assert (replicas.num_asked, replicas.most_asking) == (3, 3)


async def test_a_slot_that_one_asks_for_in_vain_is_still_there_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever comes while the last one is asked for waits for the outcome: it may be no."""
    monkeypatch.setattr(door_module, "OUTCOME_S", 60.0)
    replicas, told = Replicas(1), Told(1)
    way_in = door(known=told)
    released = asyncio.Event()

    async def unknown() -> str:
        await released.wait()
        raise UnknownVoice("who?")

    first = asyncio.create_task(way_in.enter("a", 10, unknown))
    second = asyncio.create_task(way_in.enter("a", 10, replicas.asking("x")))
    await asyncio.sleep(0.01)
    assert (first.done(), second.done(), replicas.num_asked) == (False, False, 0)
    released.set()
    assert await asyncio.wait_for(second, 5) == "x"
    with pytest.raises(UnknownVoice):
        await first


async def test_nobody_waits_for_long_behind_one_who_asks_for_the_last_slot() -> None:
    """Its replica may hang, or the machine have no time for either."""
    way_in = door(known=Told(1))
    hangs = asyncio.create_task(way_in.enter("a", 10, asyncio.Event().wait))
    behind = asyncio.create_task(way_in.enter("a", 10, Replicas(1).asking("x")))
    with pytest.raises(Overloaded):
        await asyncio.wait_for(behind, 5)
    assert not hangs.done()
    hangs.cancel()
    await asyncio.gather(hangs, return_exceptions=True)


async def test_a_turn_comes_however_long_it_takes_where_there_are_slots_for_all() -> None:
    replicas = Replicas(3 * MAX_ASKING, takes_s=0.05)
    told = Told(3 * MAX_ASKING)
    way_in = door(known=told)

    async def asking() -> None:
        await replicas.asking("x")()
        told.free = replicas.num_free

    await asyncio.gather(*(way_in.enter("a", 10, asking) for _ in range(3 * MAX_ASKING)))
    assert replicas.num_free == 0


async def test_who_waits_asks_as_soon_as_a_replica_says_that_it_has_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 60.0)
    replicas, told = Replicas(0), Told(0)
    way_in = door(max_wait_s=20, known=told)
    waiting = [asyncio.create_task(way_in.enter("a", 10, replicas.asking(str(num)))) for num in range(3)]
    await asyncio.sleep(0.01)
    way_in.slots_freed()  # somebody elsewhere was faster: none is known to be free
    await asyncio.sleep(0.01)
    assert replicas.num_asked == 0
    told.free = replicas.num_free = 2
    way_in.slots_freed(2)
    await until(lambda: sum(task.done() for task in waiting) == 2)
    told.free = 0
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_who_waits_for_replicas_that_fall_silent_is_told_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 0.01)
    replicas, told = Replicas(0), Told(0)
    way_in = door(max_wait_s=20, known=told)
    waiting = asyncio.create_task(way_in.enter("a", 10, replicas.asking("x")))
    await asyncio.sleep(0.03)
    told.free = None  # nothing holds any more of what they have said
    await until(lambda: replicas.num_asked > 0)
    replicas.num_free = 1
    assert await asyncio.wait_for(waiting, 5) == "x"


async def test_who_cant_wait_is_sent_away_when_the_others_are_heard_to_be_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever asks now hangs with its replica; the rest needn't wait for that."""
    monkeypatch.setattr(door_module, "OUTCOME_S", 60.0)
    told = Told(1)
    way_in = door(known=told)
    hangs = asyncio.create_task(way_in.enter("a", 10, asyncio.Event().wait))
    behind = asyncio.create_task(way_in.enter("a", 10, Replicas(1).asking("x")))
    await asyncio.sleep(0.01)
    assert not behind.done()
    told.free = 0
    way_in.slots_freed(0)
    with pytest.raises(Overloaded):
        await asyncio.wait_for(behind, 5)
    hangs.cancel()
    await asyncio.gather(hangs, return_exceptions=True)


async def test_a_refusal_that_nobody_foresaw_is_not_asked_for_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Serve itself may refuse where replicas have room."""
    monkeypatch.setattr(door_module, "PROBE_S", 60.0)
    replicas = Replicas(0)
    way_in = door(max_wait_s=0.1, known=Told(4))
    with pytest.raises(Overloaded):
        await way_in.enter("a", 10, replicas.asking("x"))
    assert replicas.num_asked == 1


async def test_all_are_admitted_in_the_end_where_replicas_say_what_room_they_have() -> None:
    replicas, told = Replicas(5), Told(5)
    way_in = door(max_wait_s=20, known=told)

    async def asking(name: str) -> None:
        await replicas.asking(name)()
        told.free = replicas.num_free

    async def listen(name: str) -> None:
        await way_in.enter(name[0], 10, lambda: asking(name))
        await asyncio.sleep(0.005)
        replicas.num_free += 1
        told.free = replicas.num_free
        way_in.slots_freed()

    await asyncio.wait_for(asyncio.gather(*(listen(f"{number % 7}-{number}") for number in range(100))), 60)
    assert replicas.num_asked == len(replicas.admitted) == 100


async def test_the_door_is_open_at_once_when_a_new_replica_comes() -> None:
    replicas, told = Replicas(1), Told(1)
    way_in = door(known=told)

    async def take_the_last() -> None:
        await replicas.asking("x")()
        told.free = 0

    await way_in.enter("a", 10, take_the_last)
    assert way_in.is_shut
    told.free = None
    assert not way_in.is_shut


async def test_a_turn_that_is_given_back_unused_is_the_next_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 60.0)
    replicas, told = Replicas(0), Told(0)
    way_in = door(max_wait_s=20, known=told)
    gone, stays = (
        asyncio.create_task(way_in.enter("a", 10, replicas.asking(name))) for name in ("gone", "stays")
    )
    await until(lambda: way_in.num_waiting == 2)
    told.free = replicas.num_free = 1
    way_in.slots_freed()
    gone.cancel()  # its turn has been given, and not been taken yet
    assert await asyncio.wait_for(stays, 5) == "stays"
    assert replicas.num_asked == 1


async def test_who_has_been_admitted_already_but_not_been_told_takes_no_slot_twice() -> None:
    """A sign of life is faster than answers: it says what is free beside those who still wait for theirs."""
    replicas, told, answered = Replicas(MAX_ASKING + 4), Told(MAX_ASKING + 4), asyncio.Event()
    way_in = door(known=told)

    async def admitted_at_once() -> str:
        name = await replicas.asking("x")()
        await answered.wait()
        return name

    crowd = [asyncio.create_task(way_in.enter("a", 10, admitted_at_once)) for _ in range(MAX_ASKING)]
    await until(lambda: len(replicas.admitted) == MAX_ASKING)
    told.free, told.at_s = 4, asyncio.get_running_loop().time()
    late = [asyncio.create_task(way_in.enter("a", 10, admitted_at_once)) for _ in range(4)]
    await asyncio.sleep(3 * door_module.OUTCOME_S)
    answered.set()
    assert await asyncio.wait_for(asyncio.gather(*crowd, *late), 5) == ["x"] * (MAX_ASKING + 4)
