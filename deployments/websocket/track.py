"""One continuous stream of encoded audio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from deployments.http.speech_response import Encoder

MakeEncoder = Callable[[int], Encoder]
"""From the rate of the PCM that will come, in Hz."""


class Track:
    """Encodes beside the event loop. Its encoder is made with the first PCM, when its rate is known.

    Args:
        make_encoder: makes it.
        pool: where encoding runs.
    """

    def __init__(self, make_encoder: MakeEncoder, pool: ThreadPoolExecutor) -> None:
        self._make_encoder, self._pool = make_encoder, pool
        self._encoder: Encoder | None = None
        self._job: Future[bytes] | None = None

    async def encode(self, pcm: bytes, rate_hz: int) -> bytes:
        """Return what is ready after so much more PCM."""
        if self._encoder is None:
            self._encoder = self._make_encoder(rate_hz)
        return await self._run(self._encoder.encode, pcm)

    async def finish(self) -> bytes:
        """Return the rest. What is encoded next begins a new stream."""
        if self._encoder is None:
            return b""
        encoder = self._encoder
        rest = await self._run(lambda _: encoder.finish(), b"")
        self._encoder = None
        return rest

    def abandon(self) -> None:
        """Drop the stream. Never waits: the pool may still be encoding."""
        encoder, self._encoder = self._encoder, None
        if encoder is None:
            return
        if self._job is None:
            encoder.close()
        else:
            self._job.add_done_callback(lambda _: encoder.close())

    async def _run(self, work: Callable[[bytes], bytes], pcm: bytes) -> bytes:
        self._job = self._pool.submit(work, pcm)
        return await asyncio.wrap_future(self._job)
