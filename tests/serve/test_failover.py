"""Replicas die while they speak, and their listeners get every byte that they would have got."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.serve.twins import TWINS, wait_for_two
from tests.support.listeners import LONG_TEXT, SPEAK, body, listen
from tests.support.server import RunningServer
from tests.support.waiting import until

TEXT = LONG_TEXT[:700]


@pytest.fixture
def url(twins_url: str) -> str:
    return twins_url


async def listen_through_a_death(
    url: str, requests: list[dict[str, Any]], kill: Any
) -> list[tuple[int, bytes]]:
    """Begin to listen to all, kill, and listen to the end."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        answers = [
            await stack.enter_async_context(client.stream("POST", url + SPEAK, json=request))
            for request in requests
        ]
        streams = [answer.aiter_raw() for answer in answers]
        beginnings = [await anext(stream) for stream in streams]
        await asyncio.to_thread(kill)

        async def rest_of(stream: Any) -> bytes:
            return b"".join([part async for part in stream])

        rests = await asyncio.gather(*map(rest_of, streams))
        return [
            (answer.status_code, beginning + rest)
            for answer, beginning, rest in zip(answers, beginnings, rests, strict=True)
        ]


@pytest.mark.parametrize(("audio_format", "num"), [("pcm", 6), ("mp3", 3), ("opus", 3)])
async def test_everyone_hears_everything_when_a_replica_is_killed(
    server: RunningServer, url: str, audio_format: str, num: int
) -> None:
    requests = [
        body(f"{number}. {TEXT}", seed=number, response_format=audio_format, speed=0.5)
        for number in range(num)
    ]
    alone = [
        await listen(url, request["input"], seed=request["seed"], response_format=audio_format, speed=0.5)
        for request in requests
    ]

    await wait_for_two(server)

    def kill() -> None:
        server.processes(TWINS)[0].kill()

    heard = await listen_through_a_death(url, requests, kill)
    assert [status for status, _ in heard] == [200] * len(requests)
    assert [data for _, data in heard] == [one.data for one in alone]


async def test_everyone_hears_everything_when_a_replica_is_poisoned(server: RunningServer, url: str) -> None:
    """Its process lives, its engine can't speak any more: nobody comes to it until Serve has replaced it."""
    requests = [body(f"{number}. {TEXT}", seed=number, response_format="pcm") for number in range(6)]
    alone = [
        await listen(url, request["input"], seed=request["seed"], response_format="pcm")
        for request in requests
    ]
    await wait_for_two(server)
    poisoned = server.processes(TWINS)[0]

    def poison() -> None:
        (host,) = [one for one in poisoned.children() if "espeak" in " ".join(one.cmdline())]
        host.kill()

    heard = await listen_through_a_death(url, requests, poison)
    assert [status for status, _ in heard] == [200] * len(requests)
    assert [data for _, data in heard] == [one.data for one in alone]
    assert poisoned.is_running()
    statuses = [(await listen(url, f"{number}. Good morning.")).status for number in range(20)]
    assert statuses == [200] * 20
    await until(lambda: not poisoned.is_running(), 60)
    await wait_for_two(server)


async def test_words_keep_their_times_when_a_replica_is_killed(server: RunningServer, url: str) -> None:
    timed: dict[str, Any] = {
        "stream_format": "sse",
        "timestamps": ["word"],
        "response_format": "pcm",
        "speed": 0.5,
    }
    requests = [body(f"{number}. {TEXT}", **timed) for number in range(4)]
    alone = [await listen(url, request["input"], **timed) for request in requests]

    await wait_for_two(server)

    def kill() -> None:
        server.processes(TWINS)[0].kill()

    def words_of(data: bytes) -> list[Any]:
        events = [json.loads(line[6:]) for line in data.decode().split("\n\n") if line]
        return [word for event in events for word in event.get("words", [])]

    heard = await listen_through_a_death(url, requests, kill)
    for (status, data), one in zip(heard, alone, strict=True):
        assert status == 200
        assert len(words_of(data)) > 100
        assert words_of(data) == words_of(one.data)
