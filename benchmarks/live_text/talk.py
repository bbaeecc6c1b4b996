"""One turn of a conversation, timed: text in pieces, first audible sample, barge-in."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

PATH = "/v1/audio/speech/ws"
AUDIBLE_AMPLITUDE = 100  # of 32767
QUIET_S = 0.3
"""How long a client goes on listening after `interrupted`."""
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class TalkSettings:
    """What is said, and how.

    Attributes:
        url: of the server, http://.
        voice: who speaks, and `model`, None for the server's first.
        pieces: of the text.
        num_first: how many of them complete the first clause.
        piece_s: time between pieces.
        speak_s: how long the text goes on after the first audio, before it is interrupted.
        api_key: sent in the handshake, if there is one.
    """

    url: str
    voice: str
    model: str | None
    pieces: tuple[str, ...]
    num_first: int
    piece_s: float
    speak_s: float
    api_key: str | None = None


@dataclass(frozen=True)
class Timed:
    """Seconds.

    Attributes:
        first_bytes_s: from when the piece that completes the first clause was sent, to the first audio.
        first_audible_s: to the first sample that can be heard, in the client's hands.
        told_s: from when `interrupt` was sent, to `interrupted`.
        last_audio_s: from then to the last audio that came; 0 if none did.
        num_late: audio messages that came after `interrupted`.
    """

    first_bytes_s: float
    first_audible_s: float
    told_s: float
    last_audio_s: float
    num_late: int


@dataclass
class _Ear:
    """What came, and when."""

    times: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            async with self.changed:
                self.times.append((time.perf_counter(), message))
                self.changed.notify_all()

    async def wait_for(self, kind: str) -> float:
        """Return when the first message of that type came.

        Raises:
            RuntimeError: the server told of an error, or nothing for a minute.
        """

        def seen() -> bool:
            return any(message["type"] in (kind, "error", "failed") for _, message in self.times)

        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait_for(seen), _PATIENCE_S)
            except asyncio.TimeoutError:
                raise RuntimeError(f"the server never said {kind!r}") from None
        for at, message in self.times:
            if message["type"] in ("error", "failed"):
                raise RuntimeError(message["error"]["message"])
            if message["type"] == kind:
                return at
        raise AssertionError

    def audio_times(self) -> list[float]:
        return [at for at, message in self.times if message["type"] == "audio"]

    def first_audible(self) -> float:
        for at, message in self.times:
            if message["type"] == "audio" and _is_audible(base64.b64decode(message["audio"])):
                return at
        raise RuntimeError("there was nothing to be heard")


async def talk(settings: TalkSettings) -> Timed:
    """Open a connection, have one turn spoken, and interrupt it.

    Raises:
        RuntimeError: the server told of an error, or of nothing.
    """
    headers = {"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
    address = settings.url.rstrip("/").replace("http", "ws", 1) + PATH
    async with connect(address, additional_headers=headers, max_size=None) as socket:
        ear = _Ear()
        listening = asyncio.create_task(ear.listen(socket))
        try:
            return await _turn(socket, ear, settings)
        finally:
            listening.cancel()


async def _turn(socket: ClientConnection, ear: _Ear, settings: TalkSettings) -> Timed:
    start = {"type": "start", "voice": settings.voice, "model": settings.model, "response_format": "pcm"}
    await socket.send(json.dumps(start))
    await ear.wait_for("started")
    sent_at: list[float] = []
    saying = asyncio.create_task(_say(socket, settings, sent_at))
    try:
        await ear.wait_for("audio")
        await asyncio.sleep(settings.speak_s)
    finally:
        saying.cancel()
    interrupted_at = time.perf_counter()
    await socket.send('{"type": "interrupt"}')
    told_at = await ear.wait_for("interrupted")
    await asyncio.sleep(QUIET_S)
    complete_at = sent_at[settings.num_first - 1]
    after = [at for at in ear.audio_times() if at > interrupted_at]
    return Timed(
        first_bytes_s=ear.audio_times()[0] - complete_at,
        first_audible_s=ear.first_audible() - complete_at,
        told_s=told_at - interrupted_at,
        last_audio_s=max(after, default=interrupted_at) - interrupted_at,
        num_late=sum(at > told_at for at in after),
    )


async def _say(socket: ClientConnection, settings: TalkSettings, sent_at: list[float]) -> None:
    for piece in settings.pieces:
        # Before it is sent: what it takes to send it counts.
        sent_at.append(time.perf_counter())
        await socket.send(json.dumps({"type": "text", "text": piece}))
        await asyncio.sleep(settings.piece_s)


def _is_audible(pcm: bytes) -> bool:
    samples = np.frombuffer(pcm, "<i2").astype(np.int32)
    return bool(np.abs(samples).max(initial=0) > AUDIBLE_AMPLITUDE)
