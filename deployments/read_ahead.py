"""Speech that is taken from its replica as soon as it exists, and waits for its listener here.

A replica speaks seconds ahead of its listeners. Left where it was made, that audio would be gone with the
replica: every listener of a dead one would be without any at once, and all of it would have to be made again
by those that are left, who have more listeners by then. Taken here, it is what listeners play on from while
another replica takes over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from deployments.speech import Speech, SpeechAround
from tts_core.engine.chunks import AudioChunk

MOST_AHEAD_S = 15.0
"""More isn't taken before some of it is delivered: a stalled listener's replicas may die again and again, and
each begins a lead of its own (`StreamLimits.lead_s`)."""


class ReadAhead(SpeechAround):
    """A `Speech` read ahead of its listener.

    Args:
        speech: where it comes from; what goes wrong there is raised once all before it was given.
    """

    def __init__(self, speech: Speech) -> None:
        super().__init__(speech)
        self._items: asyncio.Queue[AudioChunk | None] = asyncio.Queue()
        self._num_read = self._num_delivered = 0
        self._has_room = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        # Whoever listens learns of its end in any case, even of one that was cancelled before it began.
        self._reader.add_done_callback(lambda _: self._items.put_nowait(None))

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """Yield the audio in order; raise PolyvoxError where it can't be completed."""
        try:
            while (chunk := await self._items.get()) is not None:
                yield chunk
            await self._reader
        finally:
            self._reader.cancel()

    def acknowledge(self, num_delivered: int) -> None:
        self._num_delivered = max(self._num_delivered, num_delivered)
        self._tell_room()
        self._speech.acknowledge(num_delivered)

    def close(self) -> None:
        """End the speech, and what waits here."""
        self._speech.close()
        self._reader.cancel()

    async def _read(self) -> None:
        async for chunk in self._speech.chunks():
            self._num_read = chunk.start_sample + chunk.num_samples
            self._items.put_nowait(chunk)
            self._tell_room()
            await self._has_room.wait()

    def _tell_room(self) -> None:
        if self._num_read - self._num_delivered < MOST_AHEAD_S * self.sample_rate_hz:
            self._has_room.set()
        else:
            self._has_room.clear()
