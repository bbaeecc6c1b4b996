"""An update that waits for nobody: listeners go on with the new replicas, unless these speak otherwise."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from ray import serve

from deployments.app import build
from deployments.config import AppArgs
from tests.serve.neural import neural
from tests.support.listeners import LITTLE_ROOM, LONG_TEXT, SPEAK, body, listen
from tests.support.server import RunningServer, config_args, run_app
from tests.support.waiting import until

REPLICA = "ServeReplica:hasty:TTSServer"
LENGTH = {"ignore_eos": True, "min_tokens": 200, "max_tokens": 200}
STORY = body(LONG_TEXT[:2500], model="mine", voice="ann", seed=5, **LENGTH)
"""Four minutes: more than can lie between a replica and who doesn't read."""


def args_with(folder: Path, **engine: Any) -> dict[str, Any]:
    """Return the arguments of one replica that waits half a second for its listeners."""
    hasty = neural(folder) | engine
    hasty["models"] = {"mine": neural(folder)["models"]["mine"]} | engine.get("models", {})
    hasty["replica"] |= {
        "graceful_shutdown_timeout_s": 0.5,
        "autoscaling": {"min_replicas": 1, "max_replicas": 1},
    }
    args = config_args()
    args["engines"] = [hasty]
    args["ingress"] |= {"model_aliases": {}, "voice_aliases": {}}
    return args


@pytest.fixture
def hasty_url(server: RunningServer, neural_folder: Path) -> Iterator[str]:
    with run_app(server, "hasty", args_with(neural_folder)) as url:
        yield url


async def update(server: RunningServer, args: dict[str, Any]) -> asyncio.Task[Any]:
    """Begin to deploy it, and return when the replica that was there is gone.

    Its ingress is still there: that one waits for its listeners, and so does what is returned.
    """
    (old,) = server.processes(REPLICA)
    app = build(AppArgs.model_validate(args))
    deploying = asyncio.to_thread(serve.run, app, name="hasty", route_prefix="/hasty")
    task = asyncio.get_running_loop().create_task(deploying)
    await until(lambda: not old.is_running())
    return task


def wait_until_open(num: int) -> None:
    """Return once the present replica speaks so many streams."""
    handle: Any = serve.get_deployment_handle("TTSServer-neural", "hasty")
    # In throughput-optimised mode the router wants the caller's event loop, which ends with the test.
    handle._init(_run_router_in_separate_loop=True)
    deadline = time.monotonic() + 20
    while handle.stats.remote().result(timeout_s=10).num_open != num:
        assert time.monotonic() < deadline
        time.sleep(0.1)


class Listener:
    """Takes as much as it is told to.

    Attributes:
        data: all that it has taken.
    """

    def __init__(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200
        self._parts = answer.aiter_raw()
        self.data = bytearray()

    async def take(self, num_bytes: int) -> None:
        """Take until there are so many bytes."""
        while len(self.data) < num_bytes:
            self.data += await anext(self._parts)

    async def take_all(self) -> None:
        async for part in self._parts:
            self.data += part


@asynccontextmanager
async def listening(url: str, **changes: Any) -> AsyncIterator[Listener]:
    transport = httpx.AsyncHTTPTransport(socket_options=LITTLE_ROOM)
    async with (
        httpx.AsyncClient(transport=transport, timeout=30) as client,
        client.stream("POST", url + SPEAK, json={**STORY, **changes}) as answer,
    ):
        yield Listener(answer)


async def test_listeners_of_a_replica_that_cant_wait(
    server: RunningServer, hasty_url: str, neural_url: str, neural_folder: Path
) -> None:
    async with listening(hasty_url) as raw, listening(hasty_url, stream_format="sse") as events:
        await asyncio.gather(raw.take(1), events.take(1))
        first = await update(server, args_with(neural_folder, streaming={"lead_s": 9.0}))
        await asyncio.to_thread(wait_until_open, 2)
        tuned = {"mine": neural(neural_folder)["models"]["tuned"]}
        second = await update(server, args_with(neural_folder, models=tuned))
        with pytest.raises(httpx.RemoteProtocolError):
            await raw.take_all()
        await events.take_all()
    await asyncio.gather(first, second)
    async with listening(neural_url) as alone:
        await alone.take(len(raw.data))
    assert alone.data.startswith(raw.data)
    last = json.loads(events.data.decode().strip().rpartition("\n")[2].removeprefix("data: "))
    assert (last["type"], last["error"]["code"]) == ("error", "speech_changed")

    request: dict[str, Any] = {**STORY, "input": "And now?"}
    now, before = [await listen(url, "", **request) for url in (hasty_url, neural_url)]
    assert now.status == before.status == 200
    assert len(now.data) == len(before.data)
    assert now.data != before.data
