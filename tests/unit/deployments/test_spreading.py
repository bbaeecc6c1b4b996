"""Who runs dry on a busy replica goes on where fewer listen, and hears the same."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments import elsewhere, spreading
from deployments.elsewhere import Open
from deployments.failover import ResilientSpeech
from deployments.spreading import Spread
from tests.unit.deployments.test_failover import REQUEST, WHOLE, Replica, Replicas, heard
from tts_core.engine.stream import AudioChunk
from tts_core.errors import Overloaded, StreamInterrupted
from tts_core.request import SynthesisRequest

BUSY, IDLE = "busy", "idle"
REQUEST_OF: ContextVar[str] = ContextVar("request")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "CHECK_S", 0.005)
    monkeypatch.setattr(spreading, "DRY_S", 0.02)
    monkeypatch.setattr(elsewhere, "_FIRST_WAIT_S", 0.001)


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


# The stream's own part


async def speech_over(*outcomes: Replica | Overloaded, open_once: Open | None = None) -> ResilientSpeech:
    present = Replica(100)
    return ResilientSpeech(open_once or Replicas(*outcomes).open, REQUEST, present)


async def heard_with_moves(speech: ResilientSpeech, after_samples: list[int]) -> tuple[bytes, list[bool]]:
    """Listen, with a move when so many samples were heard."""
    pcm, moves, due = b"", list[asyncio.Task[bool]](), sorted(after_samples)
    async for chunk in speech.chunks():
        assert chunk.start_sample * 2 == len(pcm)
        pcm += chunk.pcm
        speech.acknowledge(len(pcm) // 2)
        while due and len(pcm) // 2 >= due[0]:
            due.pop(0)
            moves.append(asyncio.create_task(speech.move(lambda _: True)))
            await asyncio.sleep(0)
    return pcm, [await move for move in moves]


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 900), min_size=1, max_size=3),
    places=st.lists(st.integers(1, 2400), min_size=1, max_size=3),
)
def test_wherever_a_stream_moves_its_listener_gets_every_sample_once(
    sizes: list[int], places: list[int]
) -> None:
    others = [Replica(size, replica=f"other {number}") for number, size in enumerate([*sizes, *sizes, 50])]

    async def listen() -> tuple[bytes, list[bool]]:
        return await heard_with_moves(await speech_over(*others), places)

    pcm, _ = asyncio.run(listen())
    assert pcm == WHOLE


async def test_a_stream_moves_while_the_old_replica_speaks_on() -> None:
    other = Replica(50, replica=IDLE)
    speech = await speech_over(other)
    present = speech._speech
    pcm, moved = await heard_with_moves(speech, [300])
    assert pcm == WHOLE
    assert moved == [True]
    assert speech.replica == IDLE
    assert isinstance(present, Replica)
    assert present.is_closed
    assert other.acknowledged > 0


class Slow(Replica):
    """One that begins, and is busy with others from then on."""

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        chunks = super().chunks()
        yield await anext(chunks)
        await asyncio.sleep(60)


async def test_a_stream_does_not_wait_for_the_replica_that_it_leaves() -> None:
    async def open_once(request: SynthesisRequest) -> Replica:
        await asyncio.sleep(0.01)
        return Replica(replica=IDLE, first_segment=request.first_segment)

    speech = ResilientSpeech(open_once, REQUEST, Slow(100))
    with anyio.fail_after(5):
        assert await heard_with_moves(speech, [100]) == (WHOLE, [True])


@pytest.mark.parametrize(
    "outcome", [Replica(fingerprint="another voice"), Overloaded("full"), StreamInterrupted("it died")]
)
async def test_a_stream_stays_where_no_other_would_say_the_same(outcome: Replica | Overloaded) -> None:
    speech = await speech_over(outcome)
    assert await heard_with_moves(speech, [300]) == (WHOLE, [False])
    assert not isinstance(outcome, Replica) or outcome.is_closed


async def test_a_stream_stays_where_the_other_is_no_better() -> None:
    other = Replica(replica="as busy")
    speech = await speech_over(other)
    move = asyncio.create_task(speech.move(lambda replica: replica != "as busy"))
    assert await heard(speech) == WHOLE
    assert not await move
    assert other.is_closed


@pytest.mark.parametrize("fails_after", [None, 1000])
async def test_a_replica_that_opens_too_late_is_not_kept(fails_after: int | None) -> None:
    """The stream is over by then, or its replica is gone, and it went on elsewhere."""
    late, third = Replica(replica="late"), Replica(replica="third")
    may_open = asyncio.Event()
    openings = 0

    async def open_once(request: SynthesisRequest) -> Replica:
        nonlocal openings
        openings += 1
        chosen = third if openings > 1 else late
        chosen.first_segment = request.first_segment
        if chosen is late:
            await may_open.wait()
        return chosen

    speech = ResilientSpeech(open_once, REQUEST, Replica(100, fails_after))
    move = asyncio.create_task(speech.move(lambda _: True))
    await asyncio.sleep(0.01)
    assert await heard(speech) == WHOLE
    may_open.set()
    assert not await move
    assert late.is_closed


async def test_who_is_about_to_move_goes_there_if_the_old_replica_is_lost_meanwhile() -> None:
    """Nobody is asked again, and nobody put on trial."""

    class Dying(Replica):
        async def chunks(self) -> AsyncIterator[AudioChunk]:
            yield await anext(super().chunks())
            assert await speech.move(lambda _: True)
            raise StreamInterrupted("it died")

    replicas = Replicas(Replica(replica=IDLE))
    speech = ResilientSpeech(replicas.open, REQUEST, Dying(100))
    assert await heard(speech) == WHOLE
    assert len(replicas.requests) == 1
    assert speech.replica == IDLE


async def test_who_hangs_up_on_the_way_has_not_heard_the_end() -> None:
    other = Replica(replica=IDLE)
    speech = ResilientSpeech(Replicas(other).open, REQUEST, Slow(100))
    chunks = speech.chunks()
    await anext(chunks)
    waiting = asyncio.ensure_future(anext(chunks))
    await asyncio.sleep(0.01)
    assert await speech.move(lambda _: True)
    speech.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert other.is_closed


async def test_who_has_not_begun_to_play_is_not_dry() -> None:
    speech = await speech_over()
    assert not speech.is_dry(time.monotonic())
    chunks = speech.chunks()
    chunk = await anext(chunks)
    assert not speech.is_dry(time.monotonic())  # something waits for delivery
    speech.acknowledge(chunk.num_samples)
    assert speech.is_dry(time.monotonic() + 1.0)
    chunk = await anext(chunks)
    speech.acknowledge(chunk.start_sample + chunk.num_samples)
    assert not speech.is_dry(time.monotonic())
    assert speech.is_dry(time.monotonic() + chunk.num_samples / 32000 + 0.01)
