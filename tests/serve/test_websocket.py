"""Live text through a real server."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import anyio
import httpx
import pytest
from ray import serve
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from deployments.app import build
from deployments.config import AppArgs
from tests.serve.live_text import LIVE_TEXT, audio_of, spoken, talking
from tests.support.listeners import LONG_TEXT, body
from tests.support.server import RunningServer, config_args

TEXT = "Unbelievably, the constellations disappeared. It cost 3.14 million, Dr. Smith said. "


async def num_open(server: RunningServer) -> int:
    """Return how many streams are open, once there are none, or after a while."""
    stats = await asyncio.to_thread(server.wait_until_free, 5)
    return int(stats.num_open)


async def test_words_cut_across_pieces_are_spoken_whole(server_url: str) -> None:
    whole = await spoken(server_url, [TEXT])
    assert await spoken(server_url, list(TEXT)) == whole
    assert await spoken(server_url, [TEXT[:5], TEXT[5:48], TEXT[48:]]) == whole
    async with httpx.AsyncClient() as client:
        first = body("Unbelievably, the constellations disappeared.", seed=3)
        answer = await client.post(f"{server_url}/v1/audio/speech", json=first)
    # The last of it passed a filter that has silence after it here, and nothing there.
    assert len(answer.content) > 50_000
    assert whole.startswith(answer.content[:-4000])


@pytest.mark.parametrize("response_format", ["mp3", "opus", "wav"])
async def test_formats_are_whole_files(server_url: str, response_format: str) -> None:
    data = await spoken(server_url, [TEXT], response_format=response_format)
    assert data[:4] == {"wav": b"RIFF", "opus": b"OggS"}.get(response_format, data[:4])
    assert await spoken(server_url, list(TEXT), response_format=response_format) == data


async def test_contexts_side_by_side_are_what_they_are_alone(server_url: str) -> None:
    texts = {f"c{number}": f"Context number {number} has this to say. {TEXT}" for number in range(4)}
    alone = {name: await spoken(server_url, [text]) for name, text in texts.items()}
    async with talking(server_url) as talker:
        for name in texts:
            await talker.start(name)
        for start in range(0, 200, 3):
            for name, text in texts.items():
                await talker.say([text[start : start + 3]], name)
        await talker.send("close")
        got, code = await talker.until_closed()
    assert code == 1000
    assert {name: audio_of(got, name) for name in texts} == alone


async def test_an_interruption_frees_the_slot_and_leaves_the_context(idle_server: RunningServer) -> None:
    async with talking(idle_server.url) as talker:
        await talker.start()
        await talker.say([LONG_TEXT])
        await talker.until("clause_done")
        await talker.send("interrupt")
        report = (await talker.until("interrupted"))[-1]
        assert report["spoken_text"] + report["unspoken_text"] == LONG_TEXT
        assert await num_open(idle_server) == 0
        await talker.say(["Now this. "])
        got = await talker.until("clause_done")
        assert [m["type"] for m in got if m["type"] != "audio"] == ["clause", "clause_done"]
        assert (await spoken(idle_server.url, ["Now this. "])).startswith(audio_of(got))


async def test_a_hang_up_frees_the_slots(idle_server: RunningServer) -> None:
    async with talking(idle_server.url) as talker:
        for name in "abc":
            await talker.start(name, speed=0.25)
            await talker.say([LONG_TEXT], name)
        await talker.until("audio")
        talker.socket.transport.abort()
    assert await num_open(idle_server) == 0


async def test_whoever_reads_nothing_holds_up_themselves_alone(idle_server: RunningServer) -> None:
    address = idle_server.url.replace("http", "ws", 1) + LIVE_TEXT
    async with connect(address, max_queue=1) as socket:
        await socket.send(json.dumps({"type": "start", "voice": "en-us"}))
        socket.transport.pause_reading()
        for _ in range(3):
            await socket.send(json.dumps({"type": "text", "text": LONG_TEXT}))
        assert await spoken(idle_server.url, ["Others go on. "])
        socket.transport.abort()
    assert await num_open(idle_server) == 0


def _nonsense(chance: random.Random) -> str | bytes:
    """Return something like a message."""
    fields: dict[str, Any] = {
        "type": chance.choice(["start", "text", "flush", "interrupt", "end", "close", "ping", "x", None]),
        "context_id": chance.choice(["default", "a", "", "ä" * 70, 5, None]),
        "voice": chance.choice(["en-us", "nobody", 3]),
        "text": chance.choice(["Hello. ", "\ud83d", "", TEXT, "x" * 30_000, [], "。" * 50]),
        "played_ms": chance.choice([-1, 0, 1e300, "x"]),
        "speed": chance.choice([1, 9, "x"]),
        "response_format": chance.choice(["pcm", "mp3", "opus", "x"]),
    }
    kept = {name: value for name, value in fields.items() if name == "type" or chance.random() < 0.5}
    text = json.dumps(kept)
    if chance.random() < 0.1:
        text = text[: chance.randrange(len(text))]
    if chance.random() < 0.1:
        text = chance.choice(["[" * 9000, "null", "\0", "{}", '{"type": "text", "text": "a", "text": 1e999}'])
    return chance.randbytes(chance.randrange(50)) if chance.random() < 0.02 else text


async def _pester(url: str, path: str, seed: int) -> int | None:
    """Send nonsense; return the code with which the server ended it, or None where it never did."""
    chance = random.Random(seed)
    try:
        async with connect(url.replace("http", "ws", 1) + path, max_size=None) as socket:
            for _ in range(chance.randrange(1, 40)):
                await socket.send(_nonsense(chance))
            await socket.send('{"type": "interrupt"}')
            await socket.send('{"type": "close"}')
            await socket.send('{"close_socket": true}')
            if seed % 3 == 0:
                socket.transport.abort()
            with anyio.fail_after(30):
                async for _ in socket:
                    pass
            return socket.close_code
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


@pytest.mark.parametrize(
    "path", [LIVE_TEXT, "/v1/text-to-speech/en-us/multi-stream-input?output_format=pcm_16000"]
)
async def test_nonsense_is_survived(idle_server: RunningServer, path: str) -> None:
    codes = await asyncio.gather(*(_pester(idle_server.url, path, seed) for seed in range(24)))
    assert set(codes) <= {1000, 1003, 1006, 1008, 1009}
    assert await num_open(idle_server) == 0
    assert await spoken(idle_server.url, ["Still here. "])


async def test_a_deployment_that_goes_ends_connections_in_good_order(server: RunningServer) -> None:
    serve.run(build(AppArgs.model_validate(config_args())), name="going", route_prefix="/going")
    async with talking(f"{server.url}/going") as talker:
        await talker.start()
        await talker.say(["To be finished, even so. "])
        begun = await talker.until("audio")
        going = asyncio.create_task(asyncio.to_thread(serve.delete, "going"))
        got, code = await talker.until_closed()
        await going
    assert [message for message in got if message["type"] == "clause_done"], got
    assert audio_of([*begun, *got]) == await spoken(server.url, ["To be finished, even so. "])
    assert code == 1001
