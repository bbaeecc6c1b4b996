"""Five times as many listeners as there is room for: who is admitted hears all, the others a clear no."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.support.listeners import LONG_TEXT, SPEAK, RawListener, body, listen
from tests.support.server import RunningServer, config_args, run_app

NUM_SLOTS = 4
TEXT = LONG_TEXT[:700]


@dataclass(frozen=True)
class Answer:
    status: int
    data: bytes
    headers: httpx.Headers


@pytest.fixture(scope="module")
def url(server: RunningServer) -> Iterator[str]:
    """A second application in the session's cluster, with few slots."""
    args = config_args()
    args["engines"][0]["num_slots"] = NUM_SLOTS
    with run_app(server, "narrow", args) as url:
        yield url


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=100)) as client:
        yield client


async def ask(client: httpx.AsyncClient, url: str, request: dict[str, Any]) -> Answer:
    answer = await client.post(url + SPEAK, json=request)
    return Answer(answer.status_code, answer.content, answer.headers)


async def ask_until_admitted(client: httpx.AsyncClient, url: str, request: dict[str, Any]) -> list[Answer]:
    answers = [await ask(client, url, request)]
    while answers[-1].status == 429:
        await asyncio.sleep(0.05)
        answers.append(await ask(client, url, request))
    return answers


@pytest.fixture(scope="module")
def small_ingress_url(server: RunningServer) -> Iterator[str]:
    """A third one, whose ingress serves one request at once, while another one waits."""
    args = config_args()
    args["ingress"] |= {"max_ongoing_requests": 1, "max_queued_requests": 1, "retry_after_s": 3}
    with run_app(server, "small-ingress", args) as url:
        yield url


async def test_an_ingress_with_too_many_connections_says_so_at_once(
    client: httpx.AsyncClient, small_ingress_url: str
) -> None:
    """Live text's connections stay for minutes; whoever waited behind them would hear nothing at all."""
    models = f"{small_ingress_url}/v1/models"
    async with connect(f"{small_ingress_url.replace('http', 'ws', 1)}/v1/audio/speech/ws"):
        waiting = asyncio.create_task(client.get(models))
        await asyncio.sleep(0.5)
        refused = await asyncio.gather(*(client.get(models) for _ in range(3)))
        assert [(one.status_code, one.headers["Retry-After"]) for one in refused] == [(429, "3")] * 3
        assert not waiting.done()
    assert (await waiting).status_code == 200


async def test_at_five_times_capacity_all_is_heard_or_refused(client: httpx.AsyncClient, url: str) -> None:
    requests = [body(f"{number}. {TEXT}", speed=0.5) for number in range(5 * NUM_SLOTS)]
    alone = [(await listen(url, request["input"], client, speed=0.5)).data for request in requests]
    told = await asyncio.gather(*(ask_until_admitted(client, url, request) for request in requests))
    for answers, expected in zip(told, alone, strict=True):
        *refused, last = answers
        assert last.status == 200
        assert last.data == expected
        for answer in refused:
            check_refusal(answer)
    assert sum(len(answers) - 1 for answers in told) >= len(requests) - 2 * NUM_SLOTS


def check_refusal(answer: Answer) -> None:
    error = httpx.Response(200, content=answer.data).json()["error"]
    assert error["code"] == "overloaded"
    assert error["type"] == "rate_limit_error"
    assert int(answer.headers["retry-after"]) >= 1


async def test_retry_after_is_when_a_slot_is_expected(client: httpx.AsyncClient, url: str) -> None:
    held = [RawListener(url, LONG_TEXT, speed=0.25) for _ in range(NUM_SLOTS)]
    try:
        for listener in held:
            await asyncio.to_thread(listener.read, 500)
        told = []
        for _ in range(4):
            answer = await ask(client, url, body("A short sentence."))
            check_refusal(answer)
            told.append(int(answer.headers["retry-after"]))
            await asyncio.sleep(1.0)
        # Minutes of speech at the pace of people who don't read on: nothing that a second would mend.
        assert told[-1] > 5
    finally:
        for listener in held:
            listener.hang_up()
    admitted = await ask_until_admitted(client, url, body("A short sentence."))
    assert admitted[-1].status == 200


async def test_a_slot_that_a_listener_leaves_is_the_next_ones(client: httpx.AsyncClient, url: str) -> None:
    held = [RawListener(url, LONG_TEXT, speed=0.25) for _ in range(NUM_SLOTS)]
    try:
        for listener in held:
            await asyncio.to_thread(listener.read, 500)
        assert (await ask(client, url, body("A short sentence."))).status == 429
        held.pop().hang_up()
        assert (await ask_until_admitted(client, url, body("A short sentence.")))[-1].status == 200
    finally:
        for listener in held:
            listener.hang_up()
