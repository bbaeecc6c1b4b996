"""The engine: who is heard, in which bytes, and when."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.models.gpt_sovits_engine.support import (
    FAST_LIMITS,
    NUM_TOKENS,
    PAUSE_SAMPLES,
    SAMPLES_PER_TOKEN,
    TEXT,
    Prompt,
    Prompts,
    broken,
    hear,
    new_engine,
    request,
    speak_alone,
    until,
)
from tts_core.engine import owner
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.protocol import AsyncEngine
from tts_core.engine.sequence import SequenceStatus
from tts_core.engine.stream import StreamLimits, StreamState
from tts_core.errors import (
    SegmentFailed,
)
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.weights import VERSIONS
from tts_core.request import Reference
from tts_core.sampling_params import SamplingParams

LONG = SamplingParams(ignore_eos=True, max_tokens=600)
TIGHT = StreamLimits(lead_s=0.5)
CUDA_FAULT = RuntimeError("CUDA error: device-side assert triggered")


# Bytes


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_heard_is_what_is_spoken_alone(
    version: str, model_of: Callable[[str], LoadedModel]
) -> None:
    model = model_of(version)
    engine: AsyncEngine = new_engine(model)
    await engine.start()
    try:
        assert await hear(engine.generate(request())) == speak_alone(model, request())
    finally:
        await engine.stop()


async def test_neighbours_do_not_change_a_byte(engine: BatchingEngine, model: LoadedModel) -> None:
    wanted = [
        request(request_id="a", seed=1),
        request("你好，世界，今天天气很好。", request_id="b", language="zh"),
        request(request_id="c", voice="bo", language="en", speed=1.2),
        request(TEXT[1], request_id="d", seed=1),
    ]
    heard = await asyncio.gather(*(hear(engine.generate(one)) for one in wanted))
    languages = ("en", "zh", "en", "en")
    assert heard == [speak_alone(model, *pair) for pair in zip(wanted, languages, strict=True)]


async def test_cancels_and_failures_before_leave_no_trace(engine: BatchingEngine, model: LoadedModel) -> None:
    cancelled = engine.generate(request(request_id="x", sampling=LONG, voice="bo", language="en"))
    await until(lambda: decoding(engine, "x"))
    with broken(model.sovits.generator, "forward", ValueError("broken on purpose")):
        failing = engine.generate(request(request_id="y"))
        cancelled.cancel()
        with pytest.raises(SegmentFailed):
            await hear(failing)
    assert await hear(engine.generate(request())) == speak_alone(model, request())


async def test_a_restarted_engine_and_another_one_say_the_same(model: LoadedModel) -> None:
    heard = []
    first, second = new_engine(model), new_engine(model, num_slots=2)
    for engine in (first, first, second):
        await engine.start()
        heard.append(await hear(engine.generate(request())))
        await engine.stop()
    assert len(set(heard)) == 1


@pytest.mark.parametrize(
    "limits",
    [StreamLimits(0.1, 0.01, 0.02), StreamLimits(0.5, 0.3, 0.3), StreamLimits(60.0, 5.0, 5.0)],
)
async def test_chunking_does_not_change_a_byte(limits: StreamLimits, model: LoadedModel) -> None:
    engine = new_engine(model, limits)
    await engine.start()
    assert await hear(engine.generate(request())) == speak_alone(model, request())
    await engine.stop()


# Flow


async def test_the_first_audio_comes_before_the_last_is_made(engine: BatchingEngine) -> None:
    stream = engine.generate(request(*TEXT * 3))
    first = await anext(stream)
    assert first.num_samples < engine.stats().audio_s * 32000 + 1
    assert not stream.closed
    stream.cancel()


async def test_a_paused_stream_waits_and_others_go_on(model: LoadedModel) -> None:
    engine = new_engine(model, TIGHT)
    await engine.start()
    stalled = engine.generate(request(*TEXT * 3, request_id="stalled"))
    await until(lambda: not stalled.has_room)
    assert await hear(engine.generate(request(request_id="other"))) == speak_alone(model, request())
    most = (TIGHT.lead_s * 32000) + 128 * 640
    assert stalled.num_written <= most
    assert engine.stats().num_paused == 1
    assert await hear(stalled) == speak_alone(model, request(*TEXT * 3))
    await engine.stop()


async def test_the_listener_who_runs_dry_first_is_served_first(engine: BatchingEngine) -> None:
    order: list[str] = []

    async def listen(name: str) -> None:
        await hear(engine.generate(request(*TEXT * 2, request_id=name)))
        order.append(name)

    long = asyncio.create_task(listen("long"))
    await until(lambda: engine.stats().audio_s > 0)
    short = engine.generate(request(TEXT[0], request_id="short"))
    await anext(short)
    assert order == []
    short.cancel()
    await long


async def test_prompts_are_asked_for_once_per_voice_and_off_the_loop(model: LoadedModel) -> None:
    asked: list[tuple[str, str]] = []
    prompts = Prompts(model)

    def spy(reference: Reference) -> Prompt:
        asked.append((reference.voice, threading.current_thread().name))
        return prompts(reference)

    engine = new_engine(model, prompts=spy)
    await engine.start()
    first, again = [await hear(engine.generate(request(request_id=name))) for name in "ab"]
    await hear(engine.generate(request(voice="bo")))
    await engine.stop()
    assert again == first
    assert asked == [("ada", "gpt-sovits-reader"), ("bo", "gpt-sovits-reader")]


# Cancelling


def decoding(engine: BatchingEngine, request_id: str) -> bool:
    sequences = engine._open[request_id].sequences
    return any(sequence.status is SequenceStatus.RUNNING for sequence in tuple(sequences))


async def test_a_cancel_frees_the_slot_at_once_and_the_thread_within_a_step(model: LoadedModel) -> None:
    engine = new_engine(model, num_slots=1)
    await engine.start()
    steps: list[int] = []
    stream = engine.generate(request(sampling=LONG, request_id="long"))
    await until(lambda: decoding(engine, "long"))
    original = model.t2s.decode_step

    def counted(*inputs: Any) -> Any:
        steps.append(1)
        return original(*inputs)

    object.__setattr__(model.t2s, "decode_step", counted)
    try:
        assert engine.abort("long")
        assert engine.stats().num_open == 0
        wanted = request(request_id="next", sampling=SamplingParams(ignore_eos=True, max_tokens=11))
        heard = await hear(engine.generate(wanted))
    finally:
        object.__delattr__(model.t2s, "decode_step")
    assert len(heard) // 2 == 2 * 11 * SAMPLES_PER_TOKEN + PAUSE_SAMPLES
    assert len(steps) <= 2 * 10 + 2
    assert stream.state is StreamState.CANCELLED
    assert not engine.abort("long")
    await engine.stop()


async def test_the_same_id_may_come_again_after_a_cancel(engine: BatchingEngine, model: LoadedModel) -> None:
    engine.generate(request(sampling=LONG)).cancel()
    assert await hear(engine.generate(request())) == speak_alone(model, request())
    assert (engine.stats().num_finished, engine.stats().num_aborted) == (1, 1)


def test_limits_used_here_never_pause_short_requests() -> None:
    assert FAST_LIMITS.lead_s * 32000 > 2 * NUM_TOKENS * SAMPLES_PER_TOKEN + PAUSE_SAMPLES


async def test_an_engine_at_rest_gives_memory_back_once(model: LoadedModel) -> None:
    given_back: list[str] = []

    def give_back() -> None:
        given_back.append(threading.current_thread().name)

    rested = patch.object(owner, "release_unused_memory", give_back)
    with patch.object(owner, "REST_AFTER_S", 0.05), rested:
        engine = new_engine(model)
        await engine.start()
        await until(lambda: len(given_back) == 1)
        await asyncio.sleep(0.3)
        assert given_back == ["gpt-sovits"]
        await hear(engine.generate(request()))
        await until(lambda: len(given_back) == 2)
        await engine.stop()


async def test_an_engine_that_never_rests_gives_memory_back_between_steps(model: LoadedModel) -> None:
    given_back: list[str] = []

    def give_back() -> None:
        given_back.append(threading.current_thread().name)

    worked = patch.object(owner, "release_unused_memory", give_back)
    with patch.object(owner, "REST_AFTER_S", 60.0), patch.object(owner, "TIDY_EVERY_S", 0.0), worked:
        engine = new_engine(model)
        await engine.start()
        assert await hear(engine.generate(request())) == speak_alone(model, request())
        assert set(given_back) == {"gpt-sovits"}
        await engine.stop()
