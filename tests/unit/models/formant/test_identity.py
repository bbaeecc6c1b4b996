"""The PCM of a request depends on the request alone."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.support.streams import hear
from tests.unit.models.formant.support import LONG_TEXT, SENTENCE, STORY, make_request, speak
from tts_core.engine.stream import StreamLimits
from tts_core.models.formant.engine import FormantEngine
from tts_core.request import SynthesisRequest

# Among them voices that draw noise (whisper, klatt, croak), other languages, and libsonic's stretching.
CASES = (
    {"voice": "en-us"},
    {"voice": "en-us+whisper"},
    {"voice": "en-us+klatt3", "pitch": 1.3},
    {"voice": "en-gb+croak", "speed": 0.4},
    {"voice": "fr", "speed": 3.0},
    {"voice": "de+f2"},
)


def requests() -> list[SynthesisRequest]:
    return [make_request(*STORY, **case) for case in CASES]


async def one_by_one(engine: FormantEngine, asked: list[SynthesisRequest]) -> list[bytes]:
    return [await hear(engine.generate(request)) for request in asked]


async def leave_early(engine: FormantEngine, seed: int) -> None:
    """A neighbour who goes at a moment that the seed decides."""
    chance = random.Random(seed)
    voice = chance.choice(["en-us", "ru", "cmn+f3", "en-us+croak"])
    stream = engine.generate(make_request(LONG_TEXT, voice=voice))
    for _ in range(chance.randrange(4)):
        chunk = await anext(stream)
        stream.acknowledge(chunk.start_sample + chunk.num_samples)
    await asyncio.sleep(chance.random() / 10)
    stream.cancel()


async def test_bytes_alone_equal_bytes_among_neighbours_who_come_and_go(engine: FormantEngine) -> None:
    alone = await one_by_one(engine, requests())
    assert len(set(alone)) == len(CASES)
    neighbours = [asyncio.create_task(leave_early(engine, seed)) for seed in range(20)]
    together = await asyncio.gather(*(hear(engine.generate(request)) for request in requests()))
    await asyncio.gather(*neighbours)
    assert together == alone


async def test_bytes_depend_on_neither_order_nor_engine(engine: FormantEngine) -> None:
    first = await one_by_one(engine, requests())
    await asyncio.sleep(1.1)  # left alone, the library seeds its noise with the second of its start
    other = FormantEngine(StreamLimits(), max_running=1)
    await other.start()
    try:
        backwards = await one_by_one(other, requests()[::-1])
    finally:
        await other.stop()
    assert backwards[::-1] == first


@pytest.mark.parametrize("limits", [StreamLimits(0.05, 0.01, 0.03), StreamLimits(3.0, 2.0, 2.0)])
async def test_bytes_do_not_depend_on_how_they_are_cut(engine: FormantEngine, limits: StreamLimits) -> None:
    other = FormantEngine(limits)
    await other.start()
    try:
        assert await speak(other, *STORY) == await speak(engine, *STORY)
    finally:
        await other.stop()


async def test_seed_has_no_influence(engine: FormantEngine) -> None:
    one, two = (make_request(SENTENCE, voice="en-us+whisper", seed=seed) for seed in (1, 2))
    assert await hear(engine.generate(one)) == await hear(engine.generate(two))


async def test_segments_are_joined_in_order_without_gaps(engine: FormantEngine) -> None:
    last_alone = await speak(engine, STORY[-1])
    whole = await speak(engine, *STORY)
    assert whole.endswith(last_alone)
    assert whole.startswith((await speak(engine, STORY[0]))[:40000])
    assert len(whole) > sum([len(await speak(engine, text)) for text in STORY])  # pauses after sentences
