"""Who is asked for a slot: nobody who is known to be full, and everybody who may have one."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from deployments import elsewhere, failover, full_replicas
from deployments.config import WaitingArgs
from deployments.credit import CreditServer
from deployments.full_replicas import is_full
from deployments.keys import door
from deployments.remote_speech import RemoteSpeechSource, Timeouts
from deployments.stream_items import CreditAddress, StreamEnded, StreamFailed, StreamItem, StreamOpened
from deployments.trials import MAX_STRIKES
from tests.support.waiting import until
from tts_core.engine.chunks import AudioChunk
from tts_core.engine.protocol import Room
from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.errors import EnginePoisoned, Overloaded, PolyvoxError, StreamInterrupted
from tts_core.request import Segment, SynthesisRequest

RATE_HZ = 1000
REQUEST = SynthesisRequest(request_id="r", model="m", voice="v", segments=(Segment(0, "text"),))


class Replica:
    """Slots, a credit port, and an ear for how often it was asked."""

    def __init__(self, name: str, num_slots: int) -> None:
        self.name, self.num_free, self.num_asked = name, num_slots, 0
        self.is_old = False
        self.trouble: PolyvoxError | None = None
        self.turned_away: list[int] = []
        self.open: list[CreditAddress] = []
        self.credit = CreditServer(self.room, self.turned_away.append)

    def room(self) -> Room | None:
        return None if self.is_old else Room(self.num_free, 7.0)

    def admit(self) -> StreamItem:
        self.num_asked += 1
        if self.trouble is not None:
            return StreamFailed.of(self.trouble, self.name)
        if not self.num_free:
            return StreamFailed.of(Overloaded("full", retry_after_s=9.0), self.name)
        self.num_free -= 1
        stream = SpeechStream(RATE_HZ, StreamLimits(100.0, 0.1, 1.0))
        self.open.append(self.credit.register(stream))
        opened = StreamOpened(RATE_HZ, self.open[-1], "", None if self.is_old else self.num_free, 7.0)
        # As it comes from another process, of an older version perhaps.
        return pickle.loads(pickle.dumps(opened))  # type: ignore[no-any-return]  # our own

    def end_one(self) -> None:
        self.num_free += 1
        self.credit.release(self.open.pop())


class Items:
    """What one replica's stream carries, as a Serve handle gives it."""

    def __init__(self, replica: Replica, *, is_ending: bool = False) -> None:
        self._replica = replica
        self._left: list[Callable[[], StreamItem]] = [
            replica.admit,
            lambda: StreamFailed.of(StreamInterrupted("dead")) if is_ending else AudioChunk(bytes(200), 0),
            lambda: StreamEnded(100),
        ]

    def __aiter__(self) -> Items:
        return self

    async def __anext__(self) -> StreamItem:
        await asyncio.sleep(0)
        return self._left.pop(0)()

    def cancel(self) -> None:
        """There is nothing to stop."""


class Handle:
    """A deployment whose router sends nobody to a full replica while there is another."""

    def __init__(self, *replicas: Replica) -> None:
        self.replicas = replicas
        self.is_ending = False

    def options(self, **_: Any) -> Handle:
        return self

    def remote(self, request: SynthesisRequest) -> Items:
        replica = next((one for one in self.replicas if not is_full(one.name)), self.replicas[0])
        return Items(replica, is_ending=self.is_ending)

    @property
    def num_asked(self) -> int:
        return sum(one.num_asked for one in self.replicas)


@pytest.fixture
async def handle(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Handle]:
    handle = Handle(Replica("a", 2), Replica("b", 2))
    for replica in handle.replicas:
        await replica.credit.start("127.0.0.1", replica.name)
    names = frozenset(one.name for one in handle.replicas)
    monkeypatch.setattr("deployments.remote_speech.running_replicas", lambda handle: names)
    yield handle
    for replica in handle.replicas:
        await replica.credit.stop()
    full_replicas._words.clear()


@pytest.fixture
def often_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life come often, and nothing else tells of room."""
    monkeypatch.setattr("deployments.credit.PULSE_S", 0.01)
    monkeypatch.setattr(full_replicas, "IN_TOUCH_S", 10.0)
    monkeypatch.setattr(door, "PROBE_S", 60.0)


def source_of(handle: Any, max_wait_s: float = 0.0) -> RemoteSpeechSource:
    waiting = WaitingArgs(max_wait_s=max_wait_s)
    return RemoteSpeechSource({"m": handle}, frozenset(), Timeouts(5.0, 5.0), waiting, lambda *_: None)


def has_room(source: RemoteSpeechSource) -> bool:
    try:
        source.check_room("m")
    except Overloaded:
        return False
    return True


async def test_whoever_takes_the_last_slot_closes_the_door(handle: Handle) -> None:
    source = source_of(handle)
    for _ in range(4):
        assert has_room(source)
        await source.open(REQUEST)
    assert handle.num_asked == 4
    for _ in range(3):
        with pytest.raises(Overloaded) as caught:
            source.check_room("m")
        assert 6.5 < (caught.value.retry_after_s or 0.0) <= 7.0
        with pytest.raises(Overloaded):
            await source.open(REQUEST)
    assert handle.num_asked == 4


async def test_a_slot_that_is_free_again_is_the_next_ones_and_nobody_else_is_asked(handle: Handle) -> None:
    source = source_of(handle)
    for _ in range(4):
        await source.open(REQUEST)
    for replica in (*handle.replicas, *handle.replicas[::-1]):
        asked = [one.num_asked for one in handle.replicas]
        replica.end_one()
        await until(lambda: has_room(source))
        outcomes = await asyncio.gather(*(source.open(REQUEST) for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(outcome, Overloaded) for outcome in outcomes) == 4
        asked[handle.replicas.index(replica)] += 1
        assert [one.num_asked for one in handle.replicas] == asked


@pytest.mark.usefixtures("often_heard_of")
async def test_room_is_heard_of_with_the_next_sign_of_life(handle: Handle) -> None:
    """As when a listener stalls, and lends a slot, or somebody has taken it through another ingress."""
    source = source_of(handle)
    for _ in range(4):
        await source.open(REQUEST)
    handle.replicas[1].num_free = 1
    await until(lambda: has_room(source))
    handle.replicas[1].num_free = 0
    await until(lambda: not has_room(source))
    assert handle.num_asked == 4


@pytest.mark.usefixtures("often_heard_of")
async def test_who_waits_is_let_in_by_the_next_sign_of_life(handle: Handle) -> None:
    source = source_of(handle, max_wait_s=20.0)
    for _ in range(4):
        await source.open(REQUEST)
    waiting = asyncio.create_task(source.open(REQUEST))
    await asyncio.sleep(0.03)
    assert (waiting.done(), handle.num_asked) == (False, 4)
    handle.replicas[0].num_free = 1
    await asyncio.wait_for(waiting, 5)
    assert handle.num_asked == 5


async def test_replicas_that_cant_tell_are_asked_each_once(
    handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of an older version, during an update."""
    monkeypatch.setattr(full_replicas, "PROBE_S", 10.0)
    for replica in handle.replicas:
        replica.is_old = True
    source = source_of(handle)
    for _ in range(4):
        await source.open(REQUEST)
    with pytest.raises(Overloaded) as caught:
        await source.open(REQUEST)
    assert 8.5 < (caught.value.retry_after_s or 0.0) <= 9.0
    assert handle.num_asked <= 4 + 3  # the first one twice: at its fill, and in vain
    assert not has_room(source)
    handle.replicas[1].end_one()
    await until(lambda: has_room(source))
    await source.open(REQUEST)


async def test_whom_the_ingress_turns_away_replicas_hear_of(handle: Handle) -> None:
    source = source_of(handle)
    for _ in range(4):
        await source.open(REQUEST)
    for _ in range(3):
        assert not has_room(source)
    await until(lambda: sum(sum(one.turned_away) for one in handle.replicas) == 3)


def test_an_opening_of_an_older_version_says_nothing_of_room() -> None:
    opened = StreamOpened(RATE_HZ, CreditAddress("h", 1, bytes(16), "a"), "f", 3, 1.0)
    older = object.__new__(StreamOpened)
    vars(older).update({key: value for key, value in vars(opened).items() if key[:4] not in ("num_", "soon")})
    assert pickle.loads(pickle.dumps(older)).num_free is None  # our own


async def test_who_cannot_speak_any_more_is_not_asked_again(handle: Handle) -> None:
    """With no streams left it looks idle, and would get every request until Serve has replaced it."""
    broken, sound = handle.replicas
    broken.trouble, sound.num_free = EnginePoisoned("CUDA error"), 10
    source = source_of(handle)
    for _ in range(5):
        await source.open(REQUEST)
    assert (broken.num_asked, sound.num_asked) == (1, 5)


async def test_a_request_that_ends_replicas_before_it_is_heard_is_given_up(
    handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They die of it once they have taken it; who is only lost on the way isn't counted."""
    monkeypatch.setattr(failover, "OPENING_S", 60.0)
    monkeypatch.setattr(elsewhere, "_MAX_WAIT_S", 0.05)
    handle.replicas[0].num_free = 100
    handle.is_ending = True
    with pytest.raises(StreamInterrupted):
        await asyncio.wait_for(source_of(handle).open(REQUEST), 10)
    assert handle.num_asked == MAX_STRIKES
