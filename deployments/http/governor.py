"""What stands in for backpressure where there is none.

Behind Serve's own proxy a write returns at once, however slow the listener: everything written is held in the
proxy. There, a stream may run a burst of bytes ahead, and after that little faster than it is listened to, so
that a stalled listener holds a bounded amount. Behind HAProxy the socket itself holds writers back.
"""

from __future__ import annotations

import asyncio
import time

BURST_BYTES = 4 * 1024 * 1024
RATE = 1.5


class Governor:
    """Delays the writes of one stream.

    Args:
        burst_bytes: what may be written at full speed, or None where the transport itself holds writers back.
        rate: seconds of audio per second after that.
    """

    def __init__(self, burst_bytes: int | None = BURST_BYTES, rate: float = RATE) -> None:
        self._burst_bytes = burst_bytes
        self._rate = rate
        self._num_bytes = 0
        self._burst_end: tuple[float, float] | None = None

    async def admit(self, num_bytes: int, audio_s: float) -> None:
        """Return when a piece may be written, given its size and how much audio went before it."""
        self._num_bytes += num_bytes
        if self._burst_bytes is None or self._num_bytes <= self._burst_bytes:
            return
        if self._burst_end is None:
            self._burst_end = (time.monotonic(), audio_s)
        began_at, began_audio_s = self._burst_end
        due = began_at + (audio_s - began_audio_s) / self._rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
