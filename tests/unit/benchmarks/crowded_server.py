"""A speech server whose speech is a function of the request, until a test tells it to wrong somebody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aiohttp import web

from benchmarks.isolation.faults import FAULTS

VOICES = [
    {"id": "ann", "name": "Ann", "language": "en-GB", "model": "m"},
    {"id": "ben", "name": "Ben", "language": "de", "model": "m"},
    {"id": "eva", "name": "Eva", "language": "sw", "model": "n"},
]
_PIECES = 4

Wrong = Callable[[bytes, list[bytes]], bytes]
"""Makes what a listener hears of their own speech and of their neighbours'."""


def speech_of(body: dict[str, Any]) -> bytes:
    """Return 0.1 to 0.4 s of noise that belongs to this request and to no other."""
    rng = Random(json.dumps(body, sort_keys=True))
    return rng.randbytes(2 * rng.randrange(2400, 9600))


@dataclass
class CrowdedServer:
    """Attributes:
    wrong: applied to the speech of everyone who isn't alone.
    refusals: answered in turn, (status, headers), before anything is spoken.
    obeys_faults: whether requests that must be refused are.
    cuts: break off without an end, after the audio.
    """

    wrong: Wrong | None = None
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    obeys_faults: bool = True
    cuts: bool = False
    pause_s: float = 0.002
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    num_gone: int = 0
    speaking: list[bytes] = field(default_factory=list)

    async def voices(self, request: web.Request) -> web.Response:
        return web.json_response({"voices": VOICES})

    async def speak(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        if self.refusals:
            status, headers = self.refusals.pop(0)
            return web.json_response({"error": {"code": "overloaded"}}, status=status, headers=headers)
        for fault in FAULTS if self.obeys_faults else ():
            if fault.changes.items() <= body.items():
                return web.json_response({"error": {"code": fault.code}}, status=fault.status)
        own = speech_of(body)
        self.speaking.append(own)
        try:
            return await self._stream(request, own)
        except ConnectionError:
            self.num_gone += 1
            raise
        finally:
            self.speaking.remove(own)

    async def _stream(self, request: web.Request, own: bytes) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await answer.prepare(request)
        await asyncio.sleep(self.pause_s)
        others = [pcm for pcm in self.speaking if pcm is not own]
        data = self.wrong(own, others) if self.wrong and others else own
        step = max(1, len(data) // _PIECES)
        for start in range(0, len(data), step):
            await answer.write(data[start : start + step])
            await asyncio.sleep(self.pause_s)
        if self.cuts and others and request.transport is not None:
            request.transport.abort()
        await answer.write_eof()
        return answer


@asynccontextmanager
async def crowded(server: CrowdedServer) -> AsyncIterator[CrowdedServer]:
    """Run the server on a free port of this machine."""
    app = web.Application()
    app.add_routes([web.get("/v1/audio/voices", server.voices), web.post("/v1/audio/speech", server.speak)])
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
