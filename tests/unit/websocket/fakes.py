"""A server without engines, and a client of its WebSockets without a network."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from fastapi import FastAPI

from tts_core.engine.chunks import AudioChunk
from tts_core.errors import EmptyInput, PolyvoxError, UnknownVoice
from tts_core.frontend.words import words_of
from tts_core.request import SynthesisRequest
from tts_core.timing.marks import TextMark
from tts_core.voice import VoiceInfo

RATE_HZ = 24_000
CHUNK_S = 0.2
CHARS_PER_CHUNK = 10


def pcm_of(text: str, seed: int) -> bytes:
    """Return what the fake says for a text: a function of both, and of nothing else."""
    size = 2 * int(CHUNK_S * RATE_HZ) * (len(text) // CHARS_PER_CHUNK + 1)
    noise = hashlib.blake2b(f"{seed} {text}".encode("utf-8", "surrogatepass"), digest_size=64).digest()
    return (noise * (size // len(noise) + 1))[:size]


class FakeSpeech:
    def __init__(self, source: FakeSource, request: SynthesisRequest) -> None:
        self._source, self.request = source, request
        self.text = "".join(segment.text for segment in request.segments)
        self.closed = False
        self.num_delivered = 0
        self.num_dropped = 0
        self.fingerprint = next(source.kinds, "")

    @property
    def sample_rate_hz(self) -> int:
        return RATE_HZ

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        start = 0
        pcm = pcm_of(self.text, self.request.seed)
        size = int(CHUNK_S * RATE_HZ) * 2
        for offset in range(0, len(pcm), size):
            await self._source.may_speak.wait()
            cues = (TextMark(0, tuple(words_of(self.text))),) if self.request.is_timed and not offset else ()
            chunk = AudioChunk(pcm[offset : offset + size], start, cues=cues)
            start += chunk.num_samples
            yield chunk
            await asyncio.sleep(0)
            if self._source.breaks_with is not None:
                raise self._source.breaks_with

    def acknowledge(self, num_delivered: int) -> None:
        self.num_delivered = num_delivered

    def close(self) -> None:
        self.closed = True


class FakeSource:
    """Speaks whatever is asked for, unless `refusals` has an error to raise first.

    Attributes:
        kinds: fingerprints of what is opened, one after the other.
    """

    def __init__(self) -> None:
        self.may_speak = asyncio.Event()
        self.may_speak.set()
        self.breaks_with: PolyvoxError | None = None
        self.refusals: list[PolyvoxError] = []
        self.kinds: Iterator[str] = iter(())
        self.speeches: list[FakeSpeech] = []

    @property
    def models(self) -> tuple[str, ...]:
        return ("formant",)

    @property
    def num_open(self) -> int:
        return sum(not speech.closed for speech in self.speeches)

    async def voices(self) -> tuple[VoiceInfo, ...]:
        return (VoiceInfo("en-us", "English (America)", "en-US", "formant"),)

    def check_room(self, model: str) -> None:
        pass

    async def open(self, request: SynthesisRequest, payer: str = "") -> FakeSpeech:
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.pop(0)
        if request.voice != "en-us":
            raise UnknownVoice(f"no voice {request.voice!r}", param="voice")
        speech = FakeSpeech(self, request)
        if "silence" in speech.text:
            raise EmptyInput("nothing in the text can be spoken", param="input")
        self.speeches.append(speech)
        return speech

    async def check_ready(self) -> None:
        pass


class Client:
    """One connection to an application, by the ASGI interface.

    Attributes:
        close_code: how the server closed it; None while it hasn't.
        may_read: cleared, the client takes nothing: whoever writes to it waits.
    """

    def __init__(
        self, app: FastAPI, path: str, query: str = "", headers: dict[str, str] | None = None
    ) -> None:
        self._app = app
        self._scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "scheme": "ws",
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
            "subprotocols": [],
        }
        self._to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_server: asyncio.Queue[dict[str, Any] | bytes] = asyncio.Queue()
        self.close_code: int | None = None
        self.close_reason = ""
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def __aenter__(self) -> Client:
        self._to_server.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.get_running_loop().create_task(
            self._app(self._scope, self._to_server.get, self._take)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()
        await asyncio.wait_for(asyncio.gather(self.task, return_exceptions=True), 5)

    async def _take(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.close_code, self.close_reason = message.get("code", 1000), message.get("reason") or ""
            self._from_server.put_nowait({"type": "closed"})
        elif message["type"] == "websocket.send":
            await self.may_read.wait()
            data = message.get("bytes")
            self._from_server.put_nowait(data if data is not None else json.loads(message["text"]))

    def leave(self) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1005})

    def send(self, body: Any) -> None:
        self.send_raw(json.dumps(body))

    def send_raw(self, text: str) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "bytes": data})

    async def receive(self, within_s: float = 5.0) -> Any:
        return await asyncio.wait_for(self._from_server.get(), within_s)

    async def until(self, kind: str, **fields: Any) -> list[Any]:
        """Return what comes, up to a message of that type with these fields."""
        got: list[Any] = []
        wanted = {"type": kind, **fields}
        while not got or not _matches(got[-1], wanted):
            got.append(await self.receive())
            assert got[-1] != {"type": "closed"} or kind == "closed", (self.close_code, got)
        return got

    def waiting(self) -> list[Any]:
        return [self._from_server.get_nowait() for _ in range(self._from_server.qsize())]


def _matches(message: Any, wanted: dict[str, Any]) -> bool:
    return isinstance(message, dict) and wanted.items() <= message.items()
