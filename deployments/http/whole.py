"""Answers that are sent once they are complete, with their exact length."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Executor

from deployments.speech import Speech
from tts_core.audio.encoder import StreamEncoder
from tts_core.audio.formats import AudioFormat
from tts_core.engine.chunks import BYTES_PER_SAMPLE
from tts_core.errors import InputTooLong


async def gathered(speech: Speech, max_s: float) -> bytes:
    """Return all PCM of a speech.

    Raises:
        InputTooLong: it lasts for more than `max_s`, and would be held in memory.
    """
    pcm = bytearray()
    async for chunk in speech.chunks():
        pcm += chunk.pcm
        num_samples = len(pcm) // BYTES_PER_SAMPLE
        speech.acknowledge(num_samples)
        if num_samples > max_s * speech.sample_rate_hz:
            raise InputTooLong(f"speech of more than {max_s:g} s must be streamed", param="input")
    return bytes(pcm)


async def encoded(pcm: bytes, rate_hz: int, audio_format: AudioFormat, pool: Executor) -> bytes:
    """Encode a second at a time, so that streams have their turns in the pool."""
    second = rate_hz * BYTES_PER_SAMPLE
    data = bytearray()
    encoder = StreamEncoder(audio_format, rate_hz, total_samples=len(pcm) // BYTES_PER_SAMPLE)
    with contextlib.closing(encoder):
        for start in range(0, len(pcm), second):
            data += await _in_pool(pool, encoder.encode, pcm[start : start + second])
        data += await _in_pool(pool, encoder.finish)
    return bytes(data)


async def _in_pool(pool: Executor, work: Callable[..., bytes], *pcm: bytes) -> bytes:
    # Shielded: an encoder must not be closed while the pool still works with it.
    job = asyncio.get_running_loop().run_in_executor(pool, work, *pcm)
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        await asyncio.wait({job})
        raise
