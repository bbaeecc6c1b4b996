"""Connections end and ingresses die; their listeners come back for the rest, and have every byte."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.support.listeners import LONG_TEXT, SPEAK, body, listen
from tests.support.server import RunningServer, config_args, run_app, wait_until_ready

TEXT = LONG_TEXT[:500]
INGRESS = "ServeReplica:reborn:Ingress"
SAID = ("X-Seed", "X-Fingerprint")


@pytest.fixture(scope="module")
def url(server: RunningServer) -> Iterator[str]:
    """A second application in the session's cluster, whose ingress may die."""
    args = config_args()
    args["engines"][0]["replica"]["cpus"] = 0.25
    with run_app(server, "reborn", args) as url:
        yield url


@dataclass
class Part:
    """What came of an answer that was cut off."""

    headers: dict[str, str] = field(default_factory=dict)
    data: bytes = b""


async def listen_to_a_part(url: str, cut: Any, **changes: Any) -> Part:
    """Listen until something is there, then cut, and keep what still comes."""
    part = Part()
    async with httpx.AsyncClient(timeout=30) as client:
        with contextlib.suppress(httpx.TransportError):
            async with client.stream("POST", url + SPEAK, json=body(TEXT, **changes)) as answer:
                part.headers = dict(answer.headers)
                async for chunk in answer.aiter_raw():
                    part.data += chunk
                    if cut is None:
                        break
                    await asyncio.to_thread(cut)
    return part


async def test_when_the_ingress_dies_the_request_is_repeated_for_its_rest(
    server: RunningServer, url: str
) -> None:
    alone = await listen(url, TEXT, speed=0.25)

    def kill() -> None:
        for ingress in server.processes(INGRESS):
            ingress.kill()

    part = await listen_to_a_part(url, kill, speed=0.25)
    assert 0 < len(part.data) < len(alone.data)
    assert part.data == alone.data[: len(part.data)]
    await asyncio.to_thread(wait_until_ready, url)
    async with httpx.AsyncClient(timeout=60) as client:
        num_heard = len(part.data) // 2
        headers = {name: part.headers[name.lower()] for name in SAID}
        headers["X-Resume-From-Sample"] = str(num_heard)
        rest = await client.post(url + SPEAK, json=body(TEXT, speed=0.25), headers=headers)
        assert rest.headers["x-resumed-from-sample"] == str(num_heard)
        assert part.data[: 2 * num_heard] + rest.content == alone.data
        # What the dead one knew by name, nobody knows any more.
        name = part.headers["x-request-id"]
        assert (await client.get(f"{url}{SPEAK}/{name}")).json()["error"]["code"] == "unknown_speech"


async def test_after_a_hang_up_the_name_of_the_answer_is_enough(url: str) -> None:
    alone = await listen(url, TEXT, response_format="wav")
    part = await listen_to_a_part(url, None, response_format="wav")
    assert part.data == alone.data[: len(part.data)]
    num_heard = (len(part.data) - 44) // 2
    async with httpx.AsyncClient(timeout=60) as client:
        name = part.headers["x-request-id"]
        rest = await client.get(f"{url}{SPEAK}/{name}", params={"from_sample": num_heard})
    assert part.data[: 44 + 2 * num_heard] + rest.content == alone.data
