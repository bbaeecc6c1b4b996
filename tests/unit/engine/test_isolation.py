"""Nobody's audio depends on who else is there: byte for byte, whatever happens to the others."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter

import pytest
import torch

from tests.unit.engine.crowd import Crowd, Ending, ForgetfulVoices, Outcome, Saboteur, distinct_requests
from tests.unit.models.gpt_sovits_engine.support import new_engine, speak_alone
from tts_core.engine.assembly import SecondCoreUse
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.engine import Engine
from tts_core.engine.stream import StreamLimits
from tts_core.models.gpt_sovits.loaded_model import LoadedModel

NUM_REQUESTS = int(os.environ.get("POLYVOX_ISOLATION_REQUESTS", "120"))
NUM_DISTINCT = 40
NUM_SLOTS = 8
# Tight, so that listeners who are slow are often waited for.
LIMITS = StreamLimits(lead_s=0.3, first_chunk_s=0.05, max_chunk_s=0.2)


WANTED = distinct_requests(NUM_DISTINCT)


@pytest.fixture(scope="module")
def oracle(model: LoadedModel) -> dict[str, bytes]:
    """What each request is alone."""
    return {one.request_id: speak_alone(model, one, one.language or "en") for one in WANTED}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("second_core", ["alone", "always"])
async def test_everyone_hears_what_they_would_hear_alone(
    model: LoadedModel, oracle: dict[str, bytes], second_core: SecondCoreUse
) -> None:
    assert len(set(oracle.values())) == NUM_DISTINCT
    chance = random.Random(1)
    engine = new_engine(model, LIMITS, num_slots=NUM_SLOTS, second_core=second_core, num_spare_cores=0)
    voices = ForgetfulVoices(engine, random.Random(2))
    await engine.start()
    # The engine tells of what is spoken a moment late, so twice as many as can be open lie between strikes.
    saboteur = Saboteur(model, random.Random(3), lambda: engine.stats().num_finished, 2 * NUM_SLOTS)
    crowd = Crowd(engine, WANTED, chance, NUM_SLOTS + 2)
    with saboteur.at_work():
        outcomes = await crowd.listen(NUM_REQUESTS)
    endings = Counter(outcome.ending for outcome in outcomes)
    print(f"{dict(endings)}, broken: {saboteur.strikes}, most paused: {crowd.most_paused}")

    assert [one for one in outcomes if is_different(one, oracle[one.name])] == []
    assert len(outcomes) == NUM_REQUESTS
    # All of it happened, or nothing is proven.
    assert min(endings[ending] for ending in Ending) > 0
    assert sum(saboteur.strikes.values()) > 0
    assert saboteur.most_rows > NUM_SLOTS // 2
    assert min(crowd.most_paused, crowd.num_refused, voices.num_forgotten) > 0
    await check_books(engine, endings)
    await engine.stop()


def is_different(outcome: Outcome, alone: bytes) -> bool:
    """Whether someone heard anything but the audio of their request, or less of it than they waited for."""
    if outcome.ending is Ending.COMPLETE:
        return outcome.pcm != alone
    return not alone.startswith(outcome.pcm)


async def check_books(engine: BatchingEngine, endings: Counter[Ending], count: int = NUM_REQUESTS) -> None:
    """Check that nobody and nothing is left, neither in the books nor in the slots."""
    engine.check_health()
    stats = engine.stats()
    assert (stats.num_open, stats.num_finished + stats.num_aborted) == (0, count)
    # Some had left what was spoken to its end already.
    assert endings[Ending.COMPLETE] <= stats.num_finished <= count - endings[Ending.FAILED]
    loop, looked = asyncio.get_running_loop(), asyncio.Event()
    left: list[object] = []

    def look(inner: Engine) -> None:
        inner.check_idle()
        cache = inner._runner.cache
        clean = all(bool(torch.isnan(store[..., 1:, :]).all()) for store in (cache.keys, cache.values))
        num_held = inner._scheduler.num_running + inner._scheduler.num_parked
        left.extend((inner._scheduler.listeners, num_held, clean))
        loop.call_soon_threadsafe(looked.set)

    assert engine._owner is not None
    engine._owner.put(look)
    await asyncio.wait_for(looked.wait(), timeout=10)
    assert left == [(), 0, True]
