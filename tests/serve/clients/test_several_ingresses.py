"""What a client chooses holds for whichever ingress answers it next; and `/control`, where it is on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest
from ray import serve

from deployments.app import build
from deployments.config import AppArgs
from tests.serve.clients.reading import SAYS, assert_file
from tests.support.server import RunningServer, config_args, wait_until_ready

NUM_ASKED = 12


@pytest.fixture
def url(server: RunningServer) -> Iterator[str]:
    """A second application, with two ingresses."""
    args = config_args()
    args["ingress"] |= {"num_replicas": 2, "cpus": 0.1, "control": True}
    serve.run(build(AppArgs.model_validate(args)), name="several", route_prefix="/several")
    wait_until_ready(f"{server.url}/several")
    yield f"{server.url}/several"
    serve.delete("several")


async def get(url: str, **query: str) -> httpx.Response:
    # A connection of its own: proxies may keep one to the same replica.
    async with httpx.AsyncClient(timeout=30) as client:
        return await client.get(url, params=query)


async def test_ingresses_agree_and_exit_ends_them(url: str) -> None:
    mine = f"{url}/session/mine"
    assert (await get(f"{mine}/set_refer_audio", refer_audio_path="en-gb")).status_code == 200
    heard = await asyncio.gather(
        *(get(f"{mine}/tts", text=SAYS, text_lang="en", seed="1") for _ in range(NUM_ASKED))
    )
    assert [answer.status_code for answer in heard] == [200] * NUM_ASKED
    assert len({answer.content for answer in heard}) == 1

    async with httpx.AsyncClient(timeout=30) as client:
        told = await client.post(
            f"{url}/infer_single", json={"model_name": "en-us", "text": SAYS, "text_lang": "en"}
        )
    heard = await asyncio.gather(*(get(told.json()["audio_url"]) for _ in range(NUM_ASKED)))
    assert [answer.status_code for answer in heard] == [200] * NUM_ASKED
    assert_file(heard[0].content, at_least_s=1.0)

    assert (await get(f"{url}/control", command="restart")).status_code == 400
    assert (await get(f"{url}/control", command="exit")).json() == {"message": "success"}
    deadline = time.monotonic() + 30
    while "several" in serve.status().applications:
        assert time.monotonic() < deadline, "the application is still there"
        await asyncio.sleep(0.2)
