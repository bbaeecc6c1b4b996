"""Nobody asks replicas that are full, nobody waits who can't, and no turn is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from deployments.config import WaitingArgs
from deployments.keys import door as door_module
from deployments.keys.door import MAX_ASKING, Door
from tests.support.waiting import until
from tts_core.errors import Overloaded, UnknownVoice


class Replicas:
    """So many slots; counts who asks, and how many at once."""

    def __init__(self, num_slots: int, takes_s: float = 0.001) -> None:
        self.num_free, self.takes_s = num_slots, takes_s
        self.num_asked = self.num_asking = self.most_asking = 0
        self.admitted: list[str] = []
        self.retry_after_s = 4.5

    def asking(self, name: str) -> Callable[[], Awaitable[str]]:
        async def ask() -> str:
            self.num_asked += 1
            self.num_asking += 1
            self.most_asking = max(self.most_asking, self.num_asking)
            try:
                await asyncio.sleep(self.takes_s)
            finally:
                self.num_asking -= 1
            if not self.num_free:
                raise Overloaded("full", retry_after_s=self.retry_after_s)
            self.num_free -= 1
            self.admitted.append(name)
            return name

        return ask


class Told:
    """What replicas say of their room, in a test."""

    def __init__(self, num_free: int | None = None, soonest_s: float | None = None) -> None:
        self.free, self.soonest = num_free, soonest_s

    def num_free(self) -> int | None:
        return self.free

    def soonest_s(self) -> float | None:
        return self.soonest


def door(max_wait_s: float = 0.0, max_waiting: int = 256, known: Told | None = None) -> Door:
    return Door(WaitingArgs(max_wait_s=max_wait_s, max_waiting=max_waiting), known)


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


# Where replicas say what room they have


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
