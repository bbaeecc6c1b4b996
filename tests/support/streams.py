"""Listening to an engine's stream to its end, as fast as it comes."""

from __future__ import annotations

from tts_core.engine.chunks import AudioChunk
from tts_core.engine.stream import SpeechStream


async def chunks_of(stream: SpeechStream) -> list[AudioChunk]:
    """Take and acknowledge everything, in one piece."""
    chunks: list[AudioChunk] = []
    position = 0
    async for chunk in stream:
        assert chunk.start_sample == position
        position += chunk.num_samples
        chunks.append(chunk)
        stream.acknowledge(position)
    return chunks


async def hear(stream: SpeechStream) -> bytes:
    """Return all of its PCM."""
    return b"".join(chunk.pcm for chunk in await chunks_of(stream))
