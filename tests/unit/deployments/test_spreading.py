"""Who runs dry on a busy replica goes on where fewer listen, and hears the same."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar

import pytest

from deployments import spreading
from deployments.spreading import Spread

BUSY, IDLE = "busy", "idle"
REQUEST_OF: ContextVar[str] = ContextVar("request")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "CHECK_S", 0.005)
    monkeypatch.setattr(spreading, "DRY_S", 0.02)


class Stream:
    """One that moves to where it is told to, if anywhere."""

    def __init__(self, replica: str = BUSY, *, is_dry: bool = True, goes_to: str | None = IDLE) -> None:
        self.replica, self.dry, self.goes_to, self.name = replica, is_dry, goes_to, ""
        self.num_tries = 0

    def is_dry(self, now_s: float) -> bool:
        return self.dry

    async def move(self, is_better: Callable[[str], bool]) -> bool:
        self.num_tries += 1
        await asyncio.sleep(0.001)
        if self.goes_to is None or not is_better(self.goes_to):
            return False
        self.replica = self.goes_to
        return True


async def after(seconds: float, streams: list[Stream], *replicas: str) -> int:
    """Watch over them for so long, and return how many moves were told."""
    told: list[None] = []
    spread = Spread(lambda: frozenset(replicas), lambda: told.append(None))
    with contextlib.ExitStack() as watch:
        for stream in streams:
            watch.enter_context(spread.watching(stream))
        await asyncio.sleep(seconds)
    return len(told)


async def test_half_of_those_who_are_dry_go_to_a_replica_that_nobody_listens_to() -> None:
    streams = [Stream() for _ in range(9)]
    assert await after(0.3, streams, BUSY, IDLE) == 4
    assert Counter(one.replica for one in streams) == {BUSY: 5, IDLE: 4}


async def test_nobody_moves_who_has_something_to_play() -> None:
    streams = [Stream(is_dry=False) for _ in range(9)]
    assert await after(0.1, streams, BUSY, IDLE) == 0
    assert not any(one.num_tries for one in streams)


async def test_those_who_are_on_their_way_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else everybody would set out, since nobody has arrived yet."""
    arrives = asyncio.Event()

    class Slow(Stream):
        async def move(self, is_better: Callable[[str], bool]) -> bool:
            self.num_tries += 1
            await arrives.wait()
            return False

    streams: list[Stream] = [Slow() for _ in range(10)]
    await after(0.2, streams, BUSY, IDLE)
    assert sum(one.num_tries for one in streams) == 5
    arrives.set()


async def test_nobody_sets_out_for_a_replica_that_is_leaving() -> None:
    others = [Stream(replica, is_dry=False) for replica in ("leaving", IDLE, IDLE, IDLE)]
    streams = [Stream(goes_to="leaving") for _ in range(4)]
    assert await after(0.1, [*streams, *others], BUSY, IDLE) == 0
    assert not any(one.num_tries for one in streams)


async def test_nobody_moves_to_where_as_many_listen() -> None:
    streams = [Stream(), Stream(), Stream(IDLE, goes_to=BUSY)]
    assert await after(0.1, streams, BUSY, IDLE) == 0
    assert not any(one.num_tries for one in streams)


async def test_a_moment_without_audio_moves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "DRY_S", 60.0)
    streams = [Stream() for _ in range(9)]
    assert await after(0.1, streams, BUSY, IDLE) == 0


async def test_who_is_left_alone_by_the_router_stays_where_they_are() -> None:
    """Serve's router chooses, and may choose where as many listen already."""
    streams = [Stream(goes_to=BUSY) for _ in range(4)]
    assert await after(0.1, streams, BUSY, IDLE) == 0
    assert sum(one.num_tries for one in streams) > 0
    assert {one.replica for one in streams} == {BUSY}


async def test_who_could_not_move_is_not_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    stubborn = [Stream(goes_to=None) for _ in range(2)]
    await after(0.2, stubborn, BUSY, IDLE)
    assert max(one.num_tries for one in stubborn) == 1
    monkeypatch.setattr(spreading, "DECLINED_S", 0.01)
    await after(0.2, stubborn, BUSY, IDLE)
    assert max(one.num_tries for one in stubborn) > 2


async def test_who_has_moved_stays_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "REST_S", 60.0)
    streams = [Stream() for _ in range(4)]
    replicas = [BUSY, IDLE]
    spread = Spread(lambda: frozenset(replicas), lambda: None)
    with contextlib.ExitStack() as watch:
        for stream in streams:
            watch.enter_context(spread.watching(stream))
        await asyncio.sleep(0.1)
        assert Counter(one.replica for one in streams) == {BUSY: 2, IDLE: 2}
        movers = [one for one in streams if one.replica == IDLE]
        replicas.append("fresh")
        for one in streams:
            one.goes_to = "fresh"
        replicas.remove(BUSY)  # on its way out: who listens there may still move
        await asyncio.sleep(0.1)
    assert [one.num_tries for one in movers] == [1, 1]
    assert [one.replica for one in movers] == [IDLE, IDLE]


async def test_who_is_dry_again_after_a_while_moves_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "REST_S", 0.01)
    streams = [Stream() for _ in range(2)]
    replicas = {BUSY, IDLE}
    spread = Spread(lambda: frozenset(replicas), lambda: None)
    with contextlib.ExitStack() as watch:
        for stream in streams:
            watch.enter_context(spread.watching(stream))
        await asyncio.sleep(0.1)
        [mover] = [one for one in streams if one.replica == IDLE]
        watch.enter_context(spread.watching(Stream(IDLE, is_dry=False)))
        replicas.add("fresh")
        mover.goes_to = "fresh"
        await asyncio.sleep(0.1)
    assert mover.replica == "fresh"


async def test_each_moves_in_the_context_of_their_own_request() -> None:
    """Serve cancels what was asked for in the context of a request that is over."""
    asked_in: dict[str, str] = {}

    class Named(Stream):
        async def move(self, is_better: Callable[[str], bool]) -> bool:
            asked_in[self.name] = REQUEST_OF.get("")
            return await super().move(is_better)

    spread = Spread(lambda: frozenset({BUSY, IDLE}), lambda: None)

    async def listen(name: str) -> None:
        REQUEST_OF.set(name)
        stream = Named()
        stream.name = name
        with spread.watching(stream):
            await asyncio.sleep(0.2)

    await asyncio.gather(*(asyncio.create_task(listen(name)) for name in "abcd"))
    assert len(asked_in) == 2
    assert all(name == request for name, request in asked_in.items())


async def test_nothing_goes_on_when_nobody_listens() -> None:
    before = asyncio.all_tasks()
    await after(0.05, [Stream(goes_to=None) for _ in range(3)], BUSY, IDLE)
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == before
