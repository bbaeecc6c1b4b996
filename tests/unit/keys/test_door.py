"""Nobody asks replicas that are full, nobody waits who can't, and no turn is lost."""

from __future__ import annotations

import asyncio

import pytest

from deployments.keys import door as door_module
from deployments.keys.door import MAX_ASKING
from tests.support.waiting import until
from tests.unit.keys.behind_the_door import Replicas, door
from tts_core.errors import Overloaded, UnknownVoice


async def test_a_burst_fills_every_slot_and_few_ask_in_vain() -> None:
    replicas, way_in = Replicas(40), door()
    outcomes = await asyncio.gather(
        *(way_in.enter("a", 10, replicas.asking(str(number))) for number in range(200)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Overloaded)]
    assert len(replicas.admitted) == 40
    assert len(refused) == 160
    assert replicas.most_asking <= MAX_ASKING
    assert replicas.num_asked <= 40 + MAX_ASKING
    assert all(error.retry_after_s and 4 < error.retry_after_s <= 4.5 for error in refused)


async def test_a_closed_door_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 60.0)
    replicas, way_in = Replicas(0), door()
    for _ in range(50):
        with pytest.raises(Overloaded):
            await way_in.enter("a", 10, replicas.asking("x"))
    assert replicas.num_asked == 1


async def test_what_is_known_to_be_refused_is_said_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 60.0)
    replicas, way_in, patient = Replicas(0), door(), door(max_wait_s=0.05)
    way_in.check()
    for one in (way_in, patient):
        with pytest.raises(Overloaded):
            await one.enter("a", 10, replicas.asking("x"))
    with pytest.raises(Overloaded):
        way_in.check()
    patient.check()
    way_in.slots_freed()
    way_in.check()


async def test_a_stream_that_ends_here_lets_one_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 60.0)
    replicas, way_in = Replicas(0), door()
    with pytest.raises(Overloaded):
        await way_in.enter("a", 10, replicas.asking("x"))
    replicas.num_free += 1
    way_in.slots_freed()
    assert await way_in.enter("a", 10, replicas.asking("y")) == "y"


async def test_a_slot_that_is_freed_elsewhere_is_found_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 0.01)
    replicas, way_in = Replicas(0), door(max_wait_s=20)
    waiting = asyncio.create_task(way_in.enter("a", 10, replicas.asking("x")))
    await asyncio.sleep(0.1)
    replicas.num_free += 1
    assert await asyncio.wait_for(waiting, 10) == "x"


async def test_waiting_keys_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 60.0)  # who asks just to see takes somebody's turn in vain
    replicas, way_in = Replicas(0), door(max_wait_s=20)
    tasks = [asyncio.create_task(way_in.enter("a", 500, replicas.asking("a"))) for _ in range(20)]
    await until(lambda: replicas.num_asked >= MAX_ASKING and way_in.num_waiting == 20)
    tasks += [asyncio.create_task(way_in.enter("b", 500, replicas.asking("b"))) for _ in range(3)]
    for count in range(1, 8):
        replicas.num_free += 1
        way_in.slots_freed()
        await until(lambda: len(replicas.admitted) == count)  # noqa: B023  # waited for at once
    assert replicas.admitted.count("b") == 3
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert way_in.num_waiting == 0


async def test_waiting_ends_in_a_refusal_that_says_when_to_come_back() -> None:
    replicas, way_in = Replicas(0), door(max_wait_s=0.1)
    started = asyncio.get_running_loop().time()
    with pytest.raises(Overloaded) as caught:
        await way_in.enter("a", 10, replicas.asking("x"))
    assert asyncio.get_running_loop().time() - started >= 0.09
    assert caught.value.retry_after_s
    assert way_in.num_waiting == 0


async def test_the_queue_is_bounded_and_a_flood_cant_keep_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 60.0)
    replicas, way_in = Replicas(0), door(max_wait_s=20, max_waiting=10)
    flood = [asyncio.create_task(way_in.enter("a", 10, replicas.asking("a"))) for _ in range(40)]
    await until(lambda: sum(task.done() for task in flood) == 30)
    late = asyncio.create_task(way_in.enter("b", 10, replicas.asking("b")))
    await until(lambda: sum(task.done() for task in flood) == 31)
    assert way_in.num_waiting == 10
    assert all(isinstance(task.exception(), Overloaded) for task in flood if task.done())
    assert not late.done()
    for task in [*flood, late]:
        task.cancel()
    await asyncio.gather(*flood, late, return_exceptions=True)


async def test_who_hangs_up_leaves_no_place_and_loses_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 60.0)
    replicas, way_in = Replicas(0), door(max_wait_s=20)
    gone = asyncio.create_task(way_in.enter("a", 10, replicas.asking("gone")))
    stays = asyncio.create_task(way_in.enter("a", 10, replicas.asking("stays")))
    await until(lambda: way_in.num_waiting == 2 and replicas.num_asked == 2)
    replicas.num_free += 1
    way_in.slots_freed()
    # The turn is given; before it is taken, its owner hangs up.
    gone.cancel()
    assert await asyncio.wait_for(stays, 5) == "stays"
    assert way_in.num_waiting == 0


async def test_hanging_up_while_asking_gives_the_turn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "MAX_ASKING", 1)
    replicas, way_in = Replicas(1, takes_s=0.05), door()
    gone = asyncio.create_task(way_in.enter("a", 10, replicas.asking("gone")))
    stays = asyncio.create_task(way_in.enter("a", 10, replicas.asking("stays")))
    await until(lambda: replicas.num_asking == 1)
    gone.cancel()
    assert await asyncio.wait_for(stays, 5) == "stays"


async def test_another_error_is_its_owners_alone() -> None:
    replicas, way_in = Replicas(3), door()

    async def unknown() -> str:
        raise UnknownVoice("who?")

    for _ in range(3 * MAX_ASKING):
        with pytest.raises(UnknownVoice):
            await way_in.enter("a", 10, unknown)
    assert await way_in.enter("a", 10, replicas.asking("x")) == "x"


async def test_the_soonest_slot_of_all_replicas_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "PROBE_S", 0.001)
    replicas, way_in = Replicas(0), door()
    told = []
    for retry_after_s in (9.0, 3.0, 7.0):
        replicas.retry_after_s = retry_after_s
        with pytest.raises(Overloaded) as caught:
            await way_in.enter("a", 10, replicas.asking("x"))
        told.append(caught.value.retry_after_s or 0)
        await asyncio.sleep(0.02)
    assert [round(seconds) for seconds in told] == [9, 3, 3]


@pytest.mark.parametrize("max_wait_s", [0.0, 20.0])
async def test_all_are_admitted_in_the_end_where_everyone_comes_back(max_wait_s: float) -> None:
    """A hundred listeners, five slots, streams that end: whatever happens between, no slot stays unused."""
    replicas, way_in = Replicas(5), door(max_wait_s)

    async def listen(name: str) -> None:
        while True:
            try:
                await way_in.enter(name[0], 10, replicas.asking(name))
                break
            except Overloaded:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.005)
        replicas.num_free += 1
        way_in.slots_freed()

    await asyncio.wait_for(asyncio.gather(*(listen(f"{number % 7}-{number}") for number in range(100))), 60)
    assert len(replicas.admitted) == 100
    assert replicas.num_free == 5
