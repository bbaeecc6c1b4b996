"""Writing speech to a listener: encode, write, acknowledge, and leave nothing behind when they hang up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deployments.http.framing import Framing
from deployments.http.governor import Governor
from deployments.http.request_id import arrived_s
from deployments.metrics.listening import IngressFigures, Listening, Outcome
from deployments.speech import Speech
from tts_core.engine.chunks import BYTES_PER_SAMPLE
from tts_core.errors import PolyvoxError

NUM_DROPPED = "X-Num-Dropped"
"""Header: characters of the text that aren't spoken, as far as known when the audio begins."""

logger = logging.getLogger(__name__)


class Encoder(Protocol):
    """Encoded audio from PCM, piece by piece."""

    def encode(self, pcm: bytes) -> bytes: ...

    def finish(self) -> bytes: ...

    def close(self) -> None: ...


class BrokenOff(Exception):
    """Ends a bare body so that no client takes it for a whole one: the connection closes without an end."""


class SpeechResponse(Response):
    """A 200 whose body is speech that is still being made.

    Owns the speech: whatever happens, it is closed when the response is over.

    Args:
        speech: opened, so that its first chunk exists before the status is sent.
        encoder: turns its PCM into what was asked for; used by one thread at a time.
        framing: lays encoded audio into the body.
        media_type: of the body.
        pool: where encoding runs, away from the event loop.
        governor: holds writes back where the transport doesn't.
        write_timeout_s: how long one write may take before the listener is given up.
        listening: measures it.
        headers: further ones of the answer.
    """

    def __init__(
        self,
        speech: Speech,
        encoder: Encoder,
        framing: Framing,
        media_type: str,
        pool: ThreadPoolExecutor,
        governor: Governor,
        write_timeout_s: float,
        listening: Listening | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            media_type=media_type,
            headers={
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
                NUM_DROPPED: str(speech.num_dropped),
                **(headers or {}),
            },
        )
        del self.headers["content-length"]
        self._speech = speech
        self._encoder = encoder
        self._framing = framing
        self._pool = pool
        self._governor = governor
        self._write_timeout_s = write_timeout_s
        self._listening = listening or IngressFigures().listening("")
        self._outcome = Outcome.CANCELLED
        self._num_samples = 0
        self._num_unwritten = 0
        self._encoding: Future[bytes] = Future()
        self._encoding.set_result(b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._listening.begin(arrived_s(scope))
        writer = asyncio.create_task(self._write(send))
        watcher = asyncio.create_task(disconnected(receive))
        try:
            await asyncio.wait({writer, watcher}, return_when=asyncio.FIRST_COMPLETED)
            if writer.done():
                writer.result()
        finally:
            # The writer first: a speech that ends under it would look to it like a failure.
            writer.cancel()
            watcher.cancel()
            self._speech.close()
            ends = await asyncio.gather(writer, watcher, return_exceptions=True)
            self._note_end(ends[0])
            # The pool may still be encoding for a listener who has left.
            self._encoding.add_done_callback(lambda _: self._encoder.close())

    async def _write(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await self._within_time(send(start))
        try:
            async for chunk in self._speech.chunks():
                await self._send_audio(send, self._encoder.encode, chunk.pcm)
                self._num_samples += chunk.num_samples
                self._speech.acknowledge(self._num_samples)
            await self._send_audio(send, lambda _: self._encoder.finish(), b"")
        except PolyvoxError as error:
            await self._tell(send, error)
            return
        if self._speech.num_dropped:
            logger.info("%d characters of the text weren't spoken", self._speech.num_dropped)
        await self._send(send, self._framing.end(self._audio_s, self._speech.num_dropped))
        await self._end(send)
        self._outcome = Outcome.COMPLETED

    def _note_end(self, failure: BaseException | None) -> None:
        if isinstance(failure, Exception) and self._outcome is Outcome.CANCELLED:
            self._outcome = Outcome.FAILED
        self._listening.end(self._outcome)
        logger.info("speech %s after %.2f s", self._outcome.value, self._audio_s)

    async def _tell(self, send: Send, error: PolyvoxError) -> None:
        logger.warning("speech broke off after %.2f s: %s: %s", self._audio_s, error.code, error.message)
        self._outcome = Outcome.FAILED
        self._listening.told(error.code)
        event = self._framing.failure(error)
        if event is None:
            raise BrokenOff(error.message) from error
        await self._send(send, event)
        await self._end(send)

    async def _end(self, send: Send) -> None:
        await self._within_time(send({"type": "http.response.body", "body": b"", "more_body": False}))

    async def _send_audio(self, send: Send, work: Callable[[bytes], bytes], pcm: bytes) -> None:
        self._encoding = self._pool.submit(work, pcm)
        data = await asyncio.wrap_future(self._encoding)
        self._num_unwritten += len(pcm) // BYTES_PER_SAMPLE
        if data:
            self._listening.begin_write()
            await self._send(send, self._framing.audio(data))
            self._listening.end_write(pcm, self._num_unwritten / self._speech.sample_rate_hz)
            self._num_unwritten = 0

    async def _send(self, send: Send, body: bytes) -> None:
        if body:
            await self._governor.admit(len(body), self._audio_s)
            message = {"type": "http.response.body", "body": body, "more_body": True}
            await self._within_time(send(message))

    async def _within_time(self, write: Awaitable[None]) -> None:
        try:
            # Before Python 3.12 asyncio.wait_for can lose a cancellation that comes as `write` returns.
            with anyio.fail_after(self._write_timeout_s):
                await write
        except TimeoutError:
            self._outcome = Outcome.STALLED
            raise BrokenOff(f"the listener took nothing for {self._write_timeout_s:g} s") from None

    @property
    def _audio_s(self) -> float:
        return self._num_samples / self._speech.sample_rate_hz


async def disconnected(receive: Receive) -> None:
    """Return once the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
