"""A request that ends every replica is found out, and those beside it speak on."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments import elsewhere, trials
from deployments.failover import open_resilient
from deployments.trials import MAX_STRIKES, Suspect, Trials
from tests.unit.deployments.test_failover import REQUEST, WHOLE, Replica, heard
from tts_core.engine.chunks import AudioChunk
from tts_core.errors import Overloaded, StreamInterrupted
from tts_core.request import SynthesisRequest

DEADLY_AFTER = 900


class Host:
    """A replica that ends all its streams at once."""

    def __init__(self) -> None:
        self.is_dead = False

    def check(self) -> None:
        if self.is_dead:
            raise StreamInterrupted("killed by a neighbour")


class Hosted(Replica):
    """A stream on a host; a deadly one ends it when it comes to a sample of its own."""

    def __init__(self, host: Host, is_deadly: bool) -> None:
        super().__init__(chunk_samples=100)
        self.host, self.is_deadly = host, is_deadly

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        if self.is_deadly:
            self.fails_after = max(0, DEADLY_AFTER - (0, 700, 2000)[self.first_segment])
        try:
            async for chunk in super().chunks():
                await asyncio.sleep(0)
                self.host.check()
                yield chunk
        except StreamInterrupted:
            self.host.is_dead = True
            raise


class Hosts:
    """A fleet in which whoever dies is replaced at once."""

    def __init__(self, size: int, seed: int) -> None:
        self.hosts, self.num_deaths, self.draw = [Host() for _ in range(size)], 0, random.Random(seed)

    def way_in(self, *, is_deadly: bool) -> Callable[[SynthesisRequest], Awaitable[Hosted]]:
        async def open_once(request: SynthesisRequest) -> Hosted:
            await asyncio.sleep(0)
            place = self.draw.randrange(len(self.hosts))
            if self.hosts[place].is_dead:
                self.num_deaths += 1
                self.hosts[place] = Host()
            speech = Hosted(self.hosts[place], is_deadly)
            speech.first_segment = request.first_segment
            return speech

        return open_once

    async def listen_to_all(self, num_innocent: int) -> tuple[list[bytes], bool]:
        """Return what the innocent heard, and whether the deadly one ended with its replica's error."""
        shared = Trials()

        async def listen(*, is_deadly: bool) -> bytes:
            speech = await open_resilient(self.way_in(is_deadly=is_deadly), REQUEST, trials=shared)
            return await heard(speech)  # type: ignore[arg-type]

        guilty = asyncio.create_task(listen(is_deadly=True))
        innocent = [asyncio.create_task(listen(is_deadly=False)) for _ in range(num_innocent)]
        pcm = await asyncio.wait_for(asyncio.gather(*innocent), 60)
        (outcome,) = await asyncio.wait_for(asyncio.gather(guilty, return_exceptions=True), 60)
        return list(pcm), isinstance(outcome, StreamInterrupted)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "_FIRST_WAIT_S", 0.001)


@settings(max_examples=20, deadline=None)
@given(size=st.integers(1, 4), num_innocent=st.integers(0, 40), seed=st.integers(0, 99))
def test_what_kills_ends_after_some_deaths_and_its_neighbours_hear_everything(
    size: int, num_innocent: int, seed: int
) -> None:
    hosts = Hosts(size, seed)
    pcm, is_guilty_found = asyncio.run(hosts.listen_to_all(num_innocent))
    assert all(one == WHOLE for one in pcm)
    assert is_guilty_found
    assert hosts.num_deaths <= 1 + math.log2(1 + num_innocent) + MAX_STRIKES


async def on_trial(shared: Trials, num: int) -> list[Suspect]:
    suspects = [shared.suspect() for _ in range(num)]
    for suspect in suspects:
        await suspect.enter()
    return suspects


async def test_who_died_in_company_returns_with_half_of_it_and_the_rest_when_those_have_spoken() -> None:
    shared = Trials()
    suspects = await on_trial(shared, 6)
    for suspect in suspects:
        suspect.lose_replica()
    entering = [asyncio.create_task(suspect.enter()) for suspect in suspects]
    await asyncio.sleep(0.01)
    assert [task.done() for task in entering] == [True] * 3 + [False] * 3
    suspects[0].acquit()
    suspects[1].leave()
    await asyncio.sleep(0.01)
    assert [task.done() for task in entering] == [True] * 5 + [False]
    suspects[2].lose_replica()
    await asyncio.wait_for(entering[5], 1)
    assert suspects[0].room == math.inf


async def test_who_loses_a_replica_for_the_first_time_waits_for_nobody() -> None:
    shared = Trials()
    (lonely,) = await on_trial(shared, 1)
    lonely.lose_replica()
    await lonely.enter()
    await asyncio.wait_for(on_trial(shared, 5), 1)


async def test_a_verdict_takes_strikes_in_a_row() -> None:
    (suspect,) = await on_trial(Trials(), 1)
    for _ in range(MAX_STRIKES - 1):
        suspect.lose_replica()
        await suspect.enter()
    suspect.acquit()
    for _ in range(MAX_STRIKES):
        assert not suspect.is_convicted
        await suspect.enter()
        suspect.lose_replica()
    assert suspect.is_convicted


async def test_deaths_after_something_new_was_said_are_nobodys_fault() -> None:
    (suspect,) = await on_trial(Trials(), 1)
    suspect.acquit()
    for _ in range(MAX_STRIKES):
        suspect.lose_replica()
    assert not suspect.is_convicted
    assert suspect.room == math.inf


async def test_who_hangs_up_while_waiting_holds_nobody_up() -> None:
    shared = Trials()
    suspects = await on_trial(shared, 3)
    for suspect in suspects:
        suspect.lose_replica()
    first, second, third = (asyncio.create_task(suspect.enter()) for suspect in suspects)
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    suspects[0].leave()
    await asyncio.wait_for(asyncio.gather(first, third), 1)


@pytest.mark.parametrize("num_ticks", range(4))
async def test_who_hangs_up_as_their_turn_comes_goes_nowhere(num_ticks: int) -> None:
    shared = Trials()
    suspects = await on_trial(shared, 2)
    for suspect in suspects:
        suspect.lose_replica()
    first, second = (asyncio.create_task(suspect.enter()) for suspect in suspects)
    await asyncio.sleep(0.01)
    assert (first.done(), second.done()) == (True, False)
    suspects[0].leave()
    for _ in range(num_ticks):
        await asyncio.sleep(0)
    is_in_time = second.cancel()
    await asyncio.wait({second})
    assert second.cancelled() == is_in_time


async def test_a_trial_without_end_holds_others_up_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MAX_WAIT_S", 0.02)
    shared = Trials()
    suspects = await on_trial(shared, 2)
    for suspect in suspects:
        suspect.lose_replica()
    await asyncio.wait_for(asyncio.gather(*(suspect.enter() for suspect in suspects)), 1)


async def test_being_refused_is_no_death() -> None:
    """A replacement may take long: every replica that is left is full until then."""
    outcomes: list[Replica | Overloaded] = [Replica(fails_after=800), *[Overloaded("full")] * 8, Replica()]

    async def open_once(request: SynthesisRequest) -> Replica:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Overloaded):
            raise outcome
        outcome.first_segment = request.first_segment
        return outcome

    assert await heard(await open_resilient(open_once, REQUEST)) == WHOLE  # type: ignore[arg-type]
