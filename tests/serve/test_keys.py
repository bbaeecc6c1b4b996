"""Keys, limits and turns through real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import openai
import pytest

from deployments.keys.key_file import KeyLimits, changing_keys
from tests.support.listeners import LONG_TEXT, SPEAK, RawListener, body
from tests.support.server import RunningServer, config_args, run_app
from tests.unit.keys.support import add_key

NUM_SLOTS = 2
SHORT = "A short sentence."


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys.yaml"


@pytest.fixture(scope="module")
def tokens(path: Path) -> dict[str, str]:
    narrow = KeyLimits(concurrent_streams=1)
    names = {"tenant-a": KeyLimits(), "tenant-b": KeyLimits(), "narrow": narrow}
    return {name: add_key(path, name, limits=limits) for name, limits in names.items()}


@pytest.fixture(scope="module")
def url(server: RunningServer, path: Path, tokens: dict[str, str]) -> Iterator[str]:
    """A second application in the session's cluster, with keys, few slots and patience."""
    args = config_args()
    args["engines"][0]["num_slots"] = NUM_SLOTS
    args["ingress"] |= {"keys": str(path), "waiting": {"max_wait_s": 60.0}}
    with run_app(server, "keyed", args) as url:
        yield url


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=90, limits=httpx.Limits(max_connections=100)) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def hold(url: str, token: str) -> RawListener:
    """Take a slot, and keep it."""
    return RawListener(url, LONG_TEXT, headers=bearer(token), speed=0.25)


async def test_openais_client_is_told_apart_by_its_key(url: str, tokens: dict[str, str]) -> None:
    def speak(key: str) -> bytes:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
        return client.audio.speech.create(model="tts-1", voice="alloy", input=SHORT).content

    assert len(await asyncio.to_thread(speak, tokens["tenant-a"])) > 1000
    with pytest.raises(openai.AuthenticationError) as caught:
        await asyncio.to_thread(speak, "none")
    assert caught.value.code == "invalid_api_key"


async def test_health_is_everyones(client: httpx.AsyncClient, url: str) -> None:
    for path in ("/ping", "/healthz", "/readyz"):
        assert (await client.get(url + path)).status_code == 200
    assert (await client.get(f"{url}/v1/models")).status_code == 401


async def test_a_hang_up_gives_the_stream_back(
    client: httpx.AsyncClient, url: str, tokens: dict[str, str]
) -> None:
    key = bearer(tokens["narrow"])
    listener = hold(url, tokens["narrow"])
    await asyncio.to_thread(listener.read, 500)
    refused = await client.post(url + SPEAK, json=body(SHORT), headers=key)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    listener.hang_up()
    assert await becomes(client, url, key, 200)


async def becomes(client: httpx.AsyncClient, url: str, key: dict[str, str], status: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if (await client.post(url + SPEAK, json=body(SHORT), headers=key)).status_code == status:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_burst_of_one_key_doesnt_keep_another_out(
    client: httpx.AsyncClient, url: str, tokens: dict[str, str]
) -> None:
    held = [hold(url, tokens["tenant-a"]) for _ in range(NUM_SLOTS)]
    for listener in held:
        await asyncio.to_thread(listener.read, 500)
    begun: list[str] = []

    async def wait_and_listen(name: str) -> int:
        request = body(f"{name}. {LONG_TEXT[:600]}", speed=0.5)
        async with client.stream("POST", url + SPEAK, json=request, headers=bearer(tokens[name])) as answer:
            begun.append(name)
            async for _ in answer.aiter_raw():
                pass
            return answer.status_code

    burst = [asyncio.create_task(wait_and_listen("tenant-a")) for _ in range(20)]
    await asyncio.sleep(1.0)
    late = [asyncio.create_task(wait_and_listen("tenant-b")) for _ in range(2)]
    await asyncio.sleep(1.0)
    assert begun == []
    for listener in held:
        listener.hang_up()
    assert set(await asyncio.gather(*burst, *late)) == {200}
    assert begun.count("tenant-b") == 2
    assert "tenant-b" not in begun[8:]


async def test_who_hangs_up_while_waiting_leaves_no_place(
    client: httpx.AsyncClient, url: str, tokens: dict[str, str]
) -> None:
    held = [hold(url, tokens["tenant-a"]) for _ in range(NUM_SLOTS)]
    for listener in held:
        await asyncio.to_thread(listener.read, 500)
    waiting = hold(url, tokens["narrow"])
    key = bearer(tokens["narrow"])
    try:
        assert await becomes(client, url, key, 429)
    finally:
        waiting.hang_up()
        for listener in held:
            listener.hang_up()
    assert await becomes(client, url, key, 200)


async def test_new_and_revoked_keys_count_while_it_runs(
    client: httpx.AsyncClient, url: str, path: Path
) -> None:
    key = bearer(add_key(path, "late"))
    assert await becomes(client, url, key, 200)
    with changing_keys(path) as keys:
        del keys["late"]
    assert await becomes(client, url, key, 401)
