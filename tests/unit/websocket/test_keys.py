"""Who may connect, and with which limits."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from deployments.http.app import create_app
from deployments.keys.key_file import KeyLimits, changing_keys
from deployments.websocket import entrance, line
from tests.unit.keys.support import add_key
from tests.unit.websocket.conftest import make_service
from tests.unit.websocket.fakes import Client, FakeSource
from tts_core.errors import Overloaded

PATH = "/v1/audio/speech/ws"
ELEVENLABS = "/v1/text-to-speech/en-us/stream-input"
START = {"type": "start", "voice": "en-us"}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys.yaml"


@pytest.fixture
def token(keys: Path) -> str:
    return add_key(keys, "alice", limits=KeyLimits(characters_per_minute=40))


@pytest.fixture
async def keyed(source: FakeSource, keys: Path, token: str) -> FastAPI:
    return create_app(make_service(source, keys=keys))


@pytest.mark.parametrize("name", ["Authorization", "xi-api-key", "x-api-key"])
async def test_a_key_in_a_header(keyed: FastAPI, token: str, name: str) -> None:
    value = f"Bearer {token}" if name == "Authorization" else token
    async with Client(keyed, PATH, headers={name: value}) as client:
        assert (await client.receive())["type"] == "ready"
        client.send(START)
        assert (await client.receive())["type"] == "started"


async def test_a_key_in_the_address(keyed: FastAPI, token: str) -> None:
    async with Client(keyed, PATH, f"api_key={token}") as client:
        client.send(START)
        await client.until("started")


async def test_a_key_in_the_first_message(keyed: FastAPI, token: str, source: FakeSource) -> None:
    async with Client(keyed, PATH) as client:
        client.send({"type": "authenticate", "api_key": token})
        client.send(START)
        await client.until("started")
    async with Client(keyed, ELEVENLABS) as client:
        client.send({"text": " ", "xi_api_key": token})
        client.send({"text": "Hello there. "})
        assert (await client.receive())["audio"]


@pytest.mark.parametrize(
    ("path", "first"),
    [
        (PATH, START),
        (PATH, {"type": "authenticate", "api_key": "wrong"}),
        (PATH, {"type": "authenticate", "api_key": 7}),
        (PATH, "nonsense"),
        (ELEVENLABS, {"text": "Hello. "}),
        (ELEVENLABS, {"text": "Hello. ", "xi_api_key": "wrong"}),
    ],
)
async def test_nobody_gets_in_without_a_key(
    keyed: FastAPI, source: FakeSource, path: str, first: Any
) -> None:
    async with Client(keyed, path) as client:
        client.send(first)
        client.send(START)
        client.send({"type": "text", "text": "Hello there. "})
        while client.close_code is None:
            assert (await client.receive()).get("type") != "started"
        assert client.close_code == 1008
    assert source.speeches == []


async def test_a_wrong_key_is_refused_in_the_handshake(keyed: FastAPI) -> None:
    async with Client(keyed, PATH, "api_key=wrong") as client:
        assert await client.receive() == {"type": "closed"}
        assert (client.close_code, client.close_reason) == (1008, "invalid_api_key")


async def test_whoever_brings_no_key_in_time_is_sent_away(
    keyed: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance, "KEY_PATIENCE_S", 0.1)
    async with Client(keyed, PATH) as client:
        assert (await client.until("error"))[-1]["error"]["code"] == "missing_api_key"
        await client.until("closed")


async def test_too_many_without_a_key_send_the_one_away_who_waits_longest(
    keyed: FastAPI, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance, "MAX_STRANGERS", 2)
    async with contextlib.AsyncExitStack() as stack:

        async def connect(path: str = PATH) -> Client:
            client = await stack.enter_async_context(Client(keyed, path))
            await client.receive()  # "ready"
            return client

        known = await connect()
        known.send({"type": "authenticate", "api_key": token})
        known.send(START)
        await known.until("started")
        first, second, third = [await connect() for _ in range(3)]
        await first.until("closed")
        assert (first.close_code, first.close_reason) == (1008, "missing_api_key")
        second.leave()
        await asyncio.wait({second.task}, timeout=5)
        fourth = await connect()
        for client in (third, fourth):
            client.send({"type": "authenticate", "api_key": token})
            client.send(START)
            await client.until("started")
        known.send({"type": "text", "text": "Hello there. And "})
        await known.until("clause_done")


@pytest.mark.parametrize("is_in_handshake", [True, False])
async def test_a_key_may_have_so_many_connections(
    source: FakeSource, keys: Path, is_in_handshake: bool
) -> None:
    token = add_key(keys, "bob", limits=KeyLimits(concurrent_connections=1))
    app = create_app(make_service(source, keys=keys))

    def connect() -> Client:
        return Client(app, PATH, f"api_key={token}" if is_in_handshake else "")

    async def start(client: Client) -> None:
        if not is_in_handshake:
            client.send({"type": "authenticate", "api_key": token})
        client.send(START)

    async with connect() as first:
        await start(first)
        await first.until("started")
        async with connect() as second:
            await start(second)
            assert (await second.until("error"))[-1]["error"]["code"] == "rate_limit_exceeded"
            await second.until("closed")
            assert second.close_code == 1008
        first.send({"type": "text", "text": "Hello there. And "})
        await first.until("clause_done")
    async with connect() as third:
        await start(third)
        await third.until("started")


async def test_limits_of_the_key_hold(keyed: FastAPI, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "PATIENCE_S", 0.3)  # more than one wait for room
    async with Client(keyed, PATH, f"api_key={token}") as client:
        client.send(START)
        client.send({"type": "text", "text": "These are just thirty letters. And then a few more. "})
        assert (await client.until("failed"))[-1]["error"]["code"] == "rate_limit_exceeded"


async def test_a_key_that_is_revoked_speaks_no_more(
    keyed: FastAPI, keys: Path, token: str, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.keys.key_ring.CHECK_S", -1.0)
    async with Client(keyed, PATH, f"api_key={token}") as client:
        client.send(START)
        client.send({"type": "text", "text": "Hello there. And "})
        await client.until("clause_done")
        with changing_keys(keys) as known:
            del known["alice"]
        client.send({"type": "text", "text": "so on. And "})
        assert (await client.until("failed"))[-1]["error"]["code"] == "invalid_api_key"
    assert len(source.speeches) == 1


async def test_a_full_server_charges_its_own_next_tries_to_nobody(
    keyed: FastAPI, keys: Path, source: FakeSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_MAX_WAIT_S", 0.01)
    monkeypatch.setattr("deployments.keys.key_ring.CHECK_S", -1.0)
    token = add_key(keys, "bob", limits=KeyLimits(requests_per_minute=3))
    async with Client(keyed, PATH, f"api_key={token}") as client:
        client.send(START)
        client.send({"type": "text", "text": "Hello there. And "})
        await client.until("clause_done")
        source.refusals = [Overloaded("full", retry_after_s=0.01) for _ in range(9)]
        client.send({"type": "text", "text": "so on. And "})
        await client.until("clause_done")
    assert source.refusals == []


async def test_a_name_that_a_client_gives_forges_no_line_of_the_log(
    keyed: FastAPI, token: str, source: FakeSource
) -> None:
    name = "x\nFORGED / y"
    async with Client(keyed, PATH, f"api_key={token}") as client:
        client.send({**START, "context_id": name})
        client.send({"type": "text", "context_id": name, "text": "Hello there. And "})
        assert (await client.until("clause_done"))[-1]["context_id"] == name
    assert ".x_FORGED___y." in source.speeches[0].request.request_id
