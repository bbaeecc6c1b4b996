"""Who leaves a replica that says nothing, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from ray.serve.exceptions import RequestCancelledError

from deployments import failover
from deployments.credit import CreditLinks, OnRoom
from deployments.pulse import LOST_S, SILENT_S
from deployments.replica_stream import RemoteSpeech
from deployments.stream_items import CreditAddress, StreamEnded, StreamOpened
from tts_core.engine.chunks import AudioChunk
from tts_core.engine.protocol import Room
from tts_core.errors import EngineStopped, StreamInterrupted
from tts_core.request import Returning, Segment, SynthesisRequest

ADDRESS = CreditAddress("127.0.0.1", 1, bytes(16), "replica")


class Hanging:
    """Items of a replica that stops after some, as a Serve handle gives them."""

    def __init__(self, *items: Any) -> None:
        self.items = list(items)
        self.is_cancelled = asyncio.Event()

    def __aiter__(self) -> Hanging:
        return self

    async def __anext__(self) -> Any:
        if self.items:
            return self.items.pop(0)
        await self.is_cancelled.wait()
        raise RequestCancelledError("r")

    def cancel(self) -> None:
        self.is_cancelled.set()


class Links(CreditLinks):
    """Without a network: the test says how long a replica has been silent."""

    def __init__(self) -> None:
        super().__init__()
        self.be_silent: Callable[[float], None] = lambda silence_s: None

    async def open(
        self, address: CreditAddress, on_room: OnRoom, on_silence: Callable[[float], None]
    ) -> Callable[[int], None]:
        self.be_silent = on_silence
        return lambda num_delivered: None


def untold(replica: str, room: Room | None) -> None:
    """For whoever doesn't want to know."""


async def opened(links: Links, *items: Any, has_others: bool = True) -> RemoteSpeech:
    hanging: Any = Hanging(StreamOpened(1000, ADDRESS), *items)
    speech = RemoteSpeech(hanging, links, untold, lambda: has_others)
    await speech.be_admitted()
    return speech


async def is_waiting(task: asyncio.Task[None]) -> bool:
    done, _ = await asyncio.wait({task}, timeout=0.02)
    return not done


async def test_whoever_waits_for_the_first_audio_leaves_early() -> None:
    links = Links()
    waiting = asyncio.create_task((await opened(links)).wait_for_audio())
    links.be_silent(SILENT_S - 0.01)
    assert await is_waiting(waiting)
    links.be_silent(SILENT_S)
    with pytest.raises(StreamInterrupted, match="no sign of life"):
        await waiting


async def test_whoever_has_audio_in_hand_stays_longer() -> None:
    links = Links()
    speech = await opened(links)
    speech.acknowledge(1000)
    speech.acknowledge(60_000)
    waiting = asyncio.create_task(speech.wait_for_audio())
    links.be_silent(LOST_S - 0.01)
    assert await is_waiting(waiting)
    links.be_silent(LOST_S)
    with pytest.raises(StreamInterrupted):
        await waiting


async def test_whoever_has_come_from_another_replica_with_audio_in_hand_stays_longer_too() -> None:
    links = Links()
    hanging: Any = Hanging(StreamOpened(1000, ADDRESS))
    speech = RemoteSpeech(hanging, links, untold, returning=Returning(0, 60.0))
    await speech.be_admitted()
    waiting = asyncio.create_task(speech.wait_for_audio())
    links.be_silent(LOST_S - 0.01)
    assert await is_waiting(waiting)
    links.be_silent(LOST_S)
    with pytest.raises(StreamInterrupted):
        await waiting


async def test_where_there_is_no_other_replica_everyone_stays() -> None:
    links = Links()
    speech = await opened(links, has_others=False)
    waiting = asyncio.create_task(speech.wait_for_audio())
    links.be_silent(LOST_S)
    assert await is_waiting(waiting)
    waiting.cancel()


async def test_a_question_that_a_silent_replica_may_have_got_is_asked_again() -> None:
    links = Links()
    hanging: Any = Hanging()
    asking = asyncio.create_task(RemoteSpeech(hanging, links, untold).be_admitted())
    assert await is_waiting(asking)
    links._tell_asking()
    with pytest.raises(StreamInterrupted):
        await asyncio.wait_for(asking, 5)
    assert not links._asking


async def test_a_replica_that_lives_and_makes_nothing_is_left_too() -> None:
    """As when what computes for it hangs, and nobody notices."""
    hanging: Any = Hanging(StreamOpened(1000, ADDRESS), AudioChunk(bytes(200), 0))
    speech = RemoteSpeech(hanging, Links(), untold, progress_s=0.02)
    await speech.be_admitted()
    await speech.wait_for_audio()
    chunks = speech.chunks()
    await anext(chunks)
    speech.acknowledge(100)
    with pytest.raises(EngineStopped, match="didn't go on within"):
        await asyncio.wait_for(anext(chunks), 5)


async def test_a_replica_waits_as_long_as_its_listener_does() -> None:
    """It is full of audio that nobody takes, and is right to make no more."""
    hanging: Any = Hanging(StreamOpened(1000, ADDRESS), AudioChunk(bytes(200), 0))
    speech = RemoteSpeech(hanging, Links(), untold, progress_s=0.02)
    await speech.be_admitted()
    chunks = speech.chunks()
    await anext(chunks)
    more = asyncio.ensure_future(anext(chunks))
    speech.acknowledge(99)
    await asyncio.sleep(0.1)
    assert not more.done()
    speech.acknowledge(100)
    with pytest.raises(EngineStopped, match="didn't go on within"):
        await asyncio.wait_for(more, 5)


async def test_what_a_listener_is_sent_from_elsewhere_gives_a_replica_no_more_time() -> None:
    """They have moved, and are still sent what others have said."""
    hanging: Any = Hanging(StreamOpened(1000, ADDRESS))
    speech = RemoteSpeech(hanging, Links(), untold, progress_s=0.1)
    await speech.be_admitted()
    more = asyncio.ensure_future(anext(speech.chunks()))
    for number in range(1, 40):
        await asyncio.sleep(0.01)
        speech.acknowledge(100 * number)
    assert more.done()
    with pytest.raises(EngineStopped):
        await more


async def test_a_replica_that_leaves_out_what_a_stalled_listener_has_is_not_hurried() -> None:
    """It has no room, since they haven't taken what others have said: its first audio can't come before."""
    hanging: Any = Hanging(StreamOpened(1000, ADDRESS))
    speech = RemoteSpeech(hanging, Links(), untold, progress_s=0.02, returning=Returning(100, 0.0))
    await speech.be_admitted()
    speech.acknowledge(10)
    more = asyncio.ensure_future(anext(speech.chunks()))
    await asyncio.sleep(0.1)
    assert not more.done()
    speech.acknowledge(100)
    with pytest.raises(EngineStopped, match="no replica began to speak"):
        await asyncio.wait_for(more, 5)


async def test_a_closed_speech_leaves_nobody() -> None:
    links = Links()
    speech = await opened(links)
    waiting = asyncio.create_task(speech.wait_for_audio())
    await asyncio.sleep(0)
    speech.close()
    links.be_silent(LOST_S)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_who_found_out_late_is_heard_elsewhere_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failover, "OPENING_S", 0.1)
    outcomes: list[Any] = [StreamInterrupted("no sign of life"), await opened(Links())]

    async def open_once(request: SynthesisRequest) -> RemoteSpeech:
        await asyncio.sleep(0.2)
        outcome = outcomes.pop(0)
        if isinstance(outcome, StreamInterrupted):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    request = SynthesisRequest(request_id="r", model="m", voice="v", segments=(Segment(0, "text"),))
    await failover.open_resilient(open_once, request)
    assert not outcomes


# What comes, and where it ends


@pytest.mark.parametrize(
    ("chunks", "end", "is_whole"),
    [
        ([(0, 100), (100, 50)], 150, True),
        ([(80, 100), (180, 50)], 230, True),  # the listener had the first 80
        ([(0, 100)], 150, False),
        ([(80, 100)], 100, False),
        ([(80, 100), (200, 50)], 250, False),  # something is missing in the middle
        ([], 80, False),
    ],
)
async def test_speech_is_whole_if_everything_came_from_where_it_began(
    chunks: list[tuple[int, int]], end: int, is_whole: bool
) -> None:
    items = [AudioChunk(bytes(2 * size), start) for start, size in chunks]
    speech = await opened(Links(), *items, StreamEnded(end))
    heard: list[AudioChunk] = []
    try:
        heard += [chunk async for chunk in speech.chunks()]
    except StreamInterrupted:
        assert not is_whole
    else:
        assert heard == items
        assert is_whole
