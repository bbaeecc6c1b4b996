"""A stand-in behind the page that misbehaves on demand: what a healthy server won't do while a test waits.

The voice says what happens: `steady` streams faster than real time, `slow` slower, `busy` answers 429,
`breaks-off` closes the connection half-way, `refuses` answers 400. Sounds are syllables of filtered noise and
pulses. `/requests` tells what became of each request.
"""

from __future__ import annotations

import asyncio
import io
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles

PAGE = Path(__file__).parents[2] / "deployments" / "page"
SAMPLE_RATE_HZ = 24_000
CHUNK_S = 0.1
SECONDS_PER_CHAR = 0.06
REAL_TIME_FACTORS = {"steady": 3.0, "slow": 0.5, "breaks-off": 4.0}
CONTAINERS = {
    "mp3": ("mp3", "libmp3lame"),
    "opus": ("ogg", "libopus"),
    "aac": ("adts", "aac"),
    "flac": ("flac", "flac"),
}
WAV_HEADER = (
    b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
    + SAMPLE_RATE_HZ.to_bytes(4, "little")
    + (SAMPLE_RATE_HZ * 2).to_bytes(4, "little")
    + b"\x02\x00\x10\x00data\xff\xff\xff\xff"
)


def syllables(duration_s: float) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Voiced noise in syllables with pauses between phrases; the same for the same duration."""
    t = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    hum = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 8))
    breath = np.random.default_rng(0).normal(size=t.size) * 0.3
    beat = np.clip(np.sin(2 * np.pi * 3.3 * t), 0, None) * (0.55 + 0.45 * np.sin(2 * np.pi * 0.61 * t))
    phrase = (t % 2.7) < 2.3
    return (6000 * (hum + breath) * beat * phrase).astype(np.int16)


class _Outlet(io.RawIOBase):
    """Takes what a muxer writes, and can't seek, like a socket."""

    def __init__(self) -> None:
        self.pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pending += data
        return len(data)

    def drain(self) -> bytes:
        taken = bytes(self.pending)
        self.pending.clear()
        return taken


def encoded(pcm: np.ndarray[Any, np.dtype[np.int16]], response_format: str) -> Iterator[bytes]:
    """Yield one piece of bytes for each CHUNK_S of samples, and one to finish."""
    pieces = np.split(pcm, range(round(CHUNK_S * SAMPLE_RATE_HZ), pcm.size, round(CHUNK_S * SAMPLE_RATE_HZ)))
    if response_format in ("wav", "pcm"):
        yield WAV_HEADER if response_format == "wav" else b""
        yield from (piece.tobytes() for piece in pieces)
        return
    container_name, codec = CONTAINERS[response_format]
    outlet = _Outlet()
    container = av.open(outlet, "w", format=container_name)
    stream = container.add_stream(codec, rate=SAMPLE_RATE_HZ, layout="mono")
    assert isinstance(stream, av.AudioStream)
    for piece in pieces:
        frame = av.AudioFrame.from_ndarray(piece[None, :], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        container.mux(stream.encode(frame))
        yield outlet.drain()
    container.mux(stream.encode(None))
    container.close()
    yield outlet.drain()


def _error(status: int, code: str, message: str, **headers: str) -> Response:
    body = {"error": {"message": message, "type": "invalid_request_error", "code": code, "param": None}}
    return JSONResponse(body, status_code=status, headers=headers)


class StandIn:
    """The application, and what it remembers of its requests (`outcomes` by request id)."""

    def __init__(self, voices: list[dict[str, str]] | None = None) -> None:
        ids = [*REAL_TIME_FACTORS, "busy", "refuses"]
        self.voices = voices or [
            {"id": voice, "name": voice.title(), "language": "en-GB", "model": "formant"} for voice in ids
        ]
        self.outcomes: dict[str, str] = {}
        self.app = FastAPI()
        self.app.add_api_route("/v1/audio/voices", self.list_voices)
        self.app.add_api_route("/v1/audio/speech", self.speak, methods=["POST"], response_model=None)
        self.app.add_api_route("/", self.index, response_model=None)
        self.app.mount("/page", StaticFiles(directory=PAGE))

    async def until(self, outcomes: dict[str, str], within_s: float = 10.0) -> None:
        """Wait until this became of the requests."""
        deadline = asyncio.get_running_loop().time() + within_s
        while self.outcomes != outcomes:
            assert asyncio.get_running_loop().time() < deadline, f"{self.outcomes} is not {outcomes}"
            await asyncio.sleep(0.02)

    async def index(self) -> Response:
        return FileResponse(PAGE / "index.html")

    async def list_voices(self) -> dict[str, Any]:
        return {"voices": self.voices}

    async def speak(self, body: dict[str, Any]) -> Response:
        voice = body["voice"].split("+")[0]
        if voice == "busy":
            return _error(429, "overloaded", "All slots are taken.", **{"Retry-After": "2"})
        if voice == "refuses":
            return _error(400, "unknown_voice", "There is no voice named refuses.")
        request_id = str(uuid.UUID(int=len(self.outcomes) + 1))
        audio = self._paced(request_id, voice, body)
        return StreamingResponse(audio, headers={"X-Request-Id": request_id}, media_type="audio/x-stand-in")

    async def _paced(self, request_id: str, voice: str, body: dict[str, Any]) -> AsyncIterator[bytes]:
        outcomes = self.outcomes  # of this test: another one may have begun when this speech ends
        outcomes[request_id] = "open"
        pcm = syllables(max(0.5, len(body["input"]) * SECONDS_PER_CHAR / body["speed"]))
        pieces = list(encoded(pcm, body["response_format"]))
        try:
            for index, piece in enumerate(pieces):
                if voice == "breaks-off" and index == len(pieces) // 2:
                    raise ConnectionAbortedError("as asked")
                yield piece
                await asyncio.sleep(CHUNK_S / REAL_TIME_FACTORS.get(voice, 3.0))
        except asyncio.CancelledError:
            outcomes[request_id] = "cancelled"
            raise
        outcomes[request_id] = "complete"
