"""Audio that a replica has made is its listener's, whatever becomes of the replica."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from deployments.read_ahead import MOST_AHEAD_S, ReadAhead
from tts_core.engine.chunks import AudioChunk
from tts_core.errors import StreamInterrupted

RATE_HZ = 1000
CHUNK_SAMPLES = 500


class Source:
    """Speech of numbered chunks, which can be closed at any moment, and then fails or hangs or ends."""

    sample_rate_hz, num_dropped, fingerprint = RATE_HZ, 3, "a voice"

    def __init__(self, num_chunks: int, error: BaseException | None = None, *, hangs: bool = False) -> None:
        self._num_chunks, self._error, self._hangs = num_chunks, error, hangs
        self.num_given = 0
        self.acknowledged: list[int] = []
        self.is_closed = self.has_left = False

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        try:
            for number in range(self._num_chunks):
                self.num_given += 1
                yield AudioChunk(bytes([number, 0] * CHUNK_SAMPLES), number * CHUNK_SAMPLES)
                await asyncio.sleep(0)
            if self._hangs:
                await asyncio.Event().wait()
            if self._error is not None:
                raise self._error
        finally:
            self.has_left = True

    def acknowledge(self, num_delivered: int) -> None:
        self.acknowledged.append(num_delivered)

    def close(self) -> None:
        self.is_closed = True


async def settle() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def listen(speech: ReadAhead, num_most: int = 1000) -> list[int]:
    """Return the numbers of the chunks heard."""
    heard = []
    async for chunk in speech.chunks():
        heard.append(chunk.pcm[0])
        speech.acknowledge(chunk.start_sample + chunk.num_samples)
        if len(heard) == num_most:
            break
    return heard


async def test_all_that_is_there_is_taken_before_the_listener_asks() -> None:
    source = Source(8, StreamInterrupted("it died"))
    speech = ReadAhead(source)
    await settle()
    assert source.has_left
    assert source.acknowledged == []
    chunks = speech.chunks()
    assert [(await anext(chunks)).pcm[0] for _ in range(8)] == list(range(8))
    with pytest.raises(StreamInterrupted):
        await anext(chunks)


async def test_it_is_the_same_speech() -> None:
    source = Source(40)
    speech = ReadAhead(source)
    assert await listen(speech) == list(range(40))
    assert source.acknowledged == [CHUNK_SAMPLES * number for number in range(1, 41)]
    assert (speech.sample_rate_hz, speech.num_dropped, speech.fingerprint) == (RATE_HZ, 3, "a voice")


async def test_no_more_is_taken_than_a_listener_who_stalls_may_keep_here() -> None:
    source = Source(100)
    speech = ReadAhead(source)
    chunks = speech.chunks()
    await anext(chunks)
    await settle()
    most = MOST_AHEAD_S * RATE_HZ / CHUNK_SAMPLES
    assert most <= source.num_given <= most + 1
    speech.acknowledge(4 * CHUNK_SAMPLES)
    await settle()
    assert most + 4 <= source.num_given <= most + 5


@pytest.mark.parametrize("is_closed", [True, False])
async def test_who_leaves_takes_the_reader_along(is_closed: bool) -> None:
    source = Source(2, hangs=True)
    speech = ReadAhead(source)
    listening = asyncio.create_task(listen(speech))
    await settle()
    assert not source.has_left
    if is_closed:
        speech.close()
    else:
        listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    await settle()
    assert source.has_left
    assert source.is_closed is is_closed


async def test_a_request_that_serve_cancels_ends_as_cancelled() -> None:
    """Not as one that was spoken to its end."""
    with pytest.raises(asyncio.CancelledError):
        await listen(ReadAhead(Source(2, asyncio.CancelledError())))


async def test_who_closes_it_at_once_is_not_kept_waiting() -> None:
    speech = ReadAhead(Source(2))
    speech.close()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(listen(speech), 5)
