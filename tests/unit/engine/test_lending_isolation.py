"""Isolation once more, with a third of the slots that the crowd would need: whoever stalls lends theirs."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.engine.crowd import Crowd, Ending, ForgetfulVoices, Saboteur, distinct_requests
from tests.unit.engine.test_isolation import LIMITS, check_books, is_different
from tests.unit.models.gpt_sovits_engine.support import TEXT, hear, new_engine, request, speak_alone, until
from tts_core.engine import admission, scheduler
from tts_core.engine.assembly import SecondCoreUse
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.open_streams import OpenStreams
from tts_core.engine.sequence import Sequence
from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.errors import EnginePoisoned, Overloaded
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.request import SynthesisRequest
from tts_core.sampling_params import SamplingParams

NUM_REQUESTS = 70
NUM_SLOTS, MAX_STREAMS = 3, 9
TIGHT = StreamLimits(lead_s=0.5, first_chunk_s=0.05, max_chunk_s=0.2)
LONG = SamplingParams(ignore_eos=True, max_tokens=120)
WANTED = distinct_requests(24)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever has no room count as stalled from the first moment."""
    monkeypatch.setattr(admission, "STALLED_S", 0.0)


def num_steps(engine: BatchingEngine, stage: str) -> int:
    return engine.stats().stages[stage].num_steps


def stalling(request_id: str) -> SynthesisRequest:
    return request(*TEXT, request_id=request_id, sampling=LONG, low_latency=True)


def lend_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let in three times as many as there are slots, and slots change hands by chance, room or no room."""
    monkeypatch.setattr(OpenStreams, "num_stalled", lambda streams, after_s: len(streams))
    chance = random.Random(4)

    def lender_for(newcomer: Sequence, *held: list[Sequence]) -> Sequence | None:
        lenders = [one for some in held for one in some]
        return chance.choice(lenders) if lenders and chance.random() < 0.1 else None

    monkeypatch.setattr(scheduler, "lender_for", lender_for)


async def until_stalled(stream: SpeechStream) -> None:
    """Wait until a listener who takes nothing has all that they may have."""
    await until(lambda: stream.full_for_s > 0)


@pytest.fixture(scope="module")
def oracle(model: LoadedModel) -> dict[str, bytes]:
    """What each request is alone."""
    return {one.request_id: speak_alone(model, one, one.language or "en") for one in WANTED}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("second_core", ["never", "always"])
async def test_everyone_hears_what_they_would_hear_alone(
    model: LoadedModel,
    oracle: dict[str, bytes],
    second_core: SecondCoreUse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lend_all_the_time(monkeypatch)
    slots: dict[str, Any] = {"num_slots": NUM_SLOTS, "max_streams": MAX_STREAMS}
    engine = new_engine(model, LIMITS, second_core=second_core, **slots)
    ForgetfulVoices(engine, random.Random(2))
    await engine.start()
    saboteur = Saboteur(model, random.Random(3), lambda: engine.stats().num_finished, 2 * MAX_STREAMS)
    crowd = Crowd(engine, WANTED, random.Random(1), MAX_STREAMS + 2)
    with saboteur.at_work():
        outcomes = await crowd.listen(NUM_REQUESTS)
    endings = Counter(outcome.ending for outcome in outcomes)
    print(f"{dict(endings)}, broken: {saboteur.strikes}, parked: {num_steps(engine, 'park')}")

    assert [one for one in outcomes if is_different(one, oracle[one.name])] == []
    assert min(endings[ending] for ending in Ending) > 0
    assert sum(saboteur.strikes.values()) > 0
    assert num_steps(engine, "park") > 5
    assert 0 < num_steps(engine, "restore") <= num_steps(engine, "park")
    await check_books(engine, endings, NUM_REQUESTS)
    await engine.stop()


async def test_whoever_has_stalled_takes_nobodys_place(model: LoadedModel) -> None:
    engine = new_engine(model, TIGHT, num_slots=1, max_streams=3)
    await engine.start()
    assert (engine.room().num_free, engine.stats().load) == (1, 0.0)
    first = engine.generate(stalling("first"))
    assert engine.room().num_free == 0
    with pytest.raises(Overloaded, match="all 1 slots are taken"):
        engine.generate(stalling("second"))
    await until_stalled(first)
    assert engine.room().num_free == 1
    second = engine.generate(stalling("second"))
    await until_stalled(second)
    stats = engine.stats()
    assert stats.load > 0
    assert (stats.num_slots, stats.num_open, stats.num_paused) == (1, 2, 2)
    assert await hear(engine.generate(request(request_id="third"))) == speak_alone(model, request())
    assert num_steps(engine, "park") >= 2
    heard = await asyncio.gather(hear(second), hear(first))
    assert set(heard) == {speak_alone(model, stalling("r"))}
    await engine.stop()


async def test_no_more_stall_than_there_is_memory_for(model: LoadedModel) -> None:
    engine = new_engine(model, TIGHT, num_slots=1, max_streams=2)
    await engine.start()
    for name in ("first", "second"):
        await until_stalled(engine.generate(stalling(name)))
    with pytest.raises(Overloaded, match="2 streams are open already"):
        engine.generate(stalling("third"))
    assert engine.abort("first")
    assert await hear(engine.generate(request(request_id="third"))) == speak_alone(model, request())
    await engine.stop()


async def test_a_listener_who_is_only_slow_keeps_their_place(
    model: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "STALLED_S", 60.0)
    engine = new_engine(model, TIGHT, num_slots=1)
    await engine.start()
    slow = engine.generate(stalling("slow"))
    await until_stalled(slow)
    with pytest.raises(Overloaded, match="all 1 slots are taken"):
        engine.generate(stalling("other"))
    await engine.stop()


async def test_whoever_is_parked_hears_of_a_fault_at_once(model: LoadedModel) -> None:
    engine = new_engine(model, TIGHT, num_slots=1, max_streams=3)
    await engine.start()
    parked = engine.generate(stalling("parked"))
    await until_stalled(parked)
    fault = RuntimeError("CUDA error: device-side assert triggered")
    with patch.object(model.t2s, "decode_step", side_effect=fault):
        other = engine.generate(stalling("other"))
        for stream in (other, parked):
            with pytest.raises(EnginePoisoned):
                await hear(stream)
    assert num_steps(engine, "park") == 1
    await engine.stop()
