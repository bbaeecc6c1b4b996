"""The ingress spreads its streams, but for those whose model another replica would have to load."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deployments import full_replicas, spreading
from deployments.config import WaitingArgs
from deployments.remote_speech import RemoteSpeechSource, Timeouts
from deployments.speech import Speech
from deployments.stream_items import StreamItem
from tests.unit.deployments.test_asking_replicas import REQUEST, Handle, Items, Replica
from tts_core.request import SynthesisRequest


class Busy(Items):
    """A stream that begins, and has no more for now."""

    async def __anext__(self) -> StreamItem:
        if len(self._left) == 1:
            await asyncio.sleep(60)
        return await super().__anext__()


class Deployment(Handle):
    """One that first has one replica, which is slow, and then an idle one, too."""

    def __init__(self) -> None:
        super().__init__(Replica("slow", 8), Replica("idle", 8))
        self.has_grown = False

    @property
    def running(self) -> frozenset[str]:
        return frozenset({"slow", "idle"} if self.has_grown else {"slow"})

    def remote(self, request: SynthesisRequest) -> Items:
        slow, idle = self.replicas
        return Items(idle) if self.has_grown else Busy(slow)


@pytest.fixture
async def deployment(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deployment]:
    deployment = Deployment()
    for replica in deployment.replicas:
        await replica.credit.start("127.0.0.1", replica.name)
    monkeypatch.setattr("deployments.remote_speech.running_replicas", lambda handle: deployment.running)
    monkeypatch.setattr(spreading, "CHECK_S", 0.005)
    monkeypatch.setattr(spreading, "DRY_S", 0.02)
    yield deployment
    for replica in deployment.replicas:
        await replica.credit.stop()
    full_replicas._words.clear()


async def listen(speech: Speech) -> int:
    """Play what comes, and return how many bytes that was."""
    num_bytes = 0
    async for chunk in speech.chunks():
        num_bytes += len(chunk.pcm)
        speech.acknowledge(num_bytes // 2)
    return num_bytes


async def moved(deployment: Deployment, multiplexed: frozenset[str]) -> tuple[list[int], list[str]]:
    """Let four listen before an idle replica comes; return what those hear who moved, and what was told."""
    told: list[str] = []
    handles: dict[str, Any] = {"m": deployment}
    timeouts, waiting = Timeouts(5.0, 5.0), WaitingArgs(max_wait_s=0.0)
    source = RemoteSpeechSource(
        handles, multiplexed, timeouts, waiting, lambda *_: None, on_spread=told.append
    )
    requests = [dataclasses.replace(REQUEST, request_id=f"r{number}") for number in range(4)]
    speeches = [await source.open(request) for request in requests]
    listeners = [asyncio.create_task(listen(speech)) for speech in speeches]
    await asyncio.sleep(0.2)
    deployment.has_grown = True
    await asyncio.sleep(0.3)
    for listener in listeners:
        listener.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*listeners)
    return [one.result() for one in listeners if not one.cancelled()], told


async def test_the_dry_go_to_a_replica_that_has_just_come(deployment: Deployment) -> None:
    heard, told = await moved(deployment, frozenset())
    # Two at first, and a third once these were through: the last has the slow one for itself.
    assert heard == [200] * 3
    assert told == ["m"] * 3


async def test_nobody_moves_to_where_the_model_would_have_to_be_loaded(deployment: Deployment) -> None:
    assert await moved(deployment, frozenset({"m"})) == ([], [])
