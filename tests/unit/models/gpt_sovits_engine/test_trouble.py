"""The engine in trouble: what it refuses, who fails when something breaks, and how it begins and ends."""

from __future__ import annotations

import threading
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.models.gpt_sovits_engine.support import (
    NUM_TOKENS,
    PAUSE_SAMPLES,
    SAMPLES_PER_TOKEN,
    TEXT,
    broken,
    hear,
    new_engine,
    request,
    speak_alone,
    until,
)
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.stream import StreamLimits
from tts_core.errors import (
    EmptyInput,
    EnginePoisoned,
    EngineStopped,
    InvalidParameter,
    Overloaded,
    PolyvoxError,
    SegmentFailed,
    SetupError,
    UnknownModel,
    UnknownVoice,
    UnsupportedLanguage,
)
from tts_core.frontend.pipeline import PhoneSequence
from tts_core.models.gpt_sovits.conditioning import read_piece
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.request import Reference, Segment
from tts_core.sampling_params import SamplingParams

LONG = SamplingParams(ignore_eos=True, max_tokens=600)
TIGHT = StreamLimits(lead_s=0.5)
CUDA_FAULT = RuntimeError("CUDA error: device-side assert triggered")


# Refusals


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"model": "other"}, UnknownModel),
        ({"voice": "nobody"}, UnknownVoice),
        ({"voice": "nobody", "language": "en"}, UnknownVoice),
        ({"language": "tlh"}, UnsupportedLanguage),
        ({"speed": 0.0}, InvalidParameter),
        ({"speed": float("nan")}, InvalidParameter),
        ({"speed": 5.0}, InvalidParameter),
        ({"pitch": 1.1}, InvalidParameter),
        ({"segments": ()}, EmptyInput),
        ({"segments": (Segment(0, " \n"),)}, EmptyInput),
    ],
)
async def test_what_cannot_be_done_is_refused_at_once(
    engine: BatchingEngine, changes: dict[str, Any], error: type[PolyvoxError]
) -> None:
    with pytest.raises(error):
        engine.generate(request(**changes))
    assert engine.stats().num_open == 0


@pytest.mark.parametrize("texts", [("... !!! ???",), ("สวัสดี", "... ?")])
async def test_what_the_text_lacks_ends_the_stream_before_any_audio(
    engine: BatchingEngine, texts: tuple[str, ...]
) -> None:
    stream = engine.generate(request(*texts, language="auto", sampling=None))
    with pytest.raises(EmptyInput):
        await anext(stream)
    engine.check_health()


async def test_what_cannot_be_said_among_other_things_is_left_out_and_counted(
    engine: BatchingEngine, model: LoadedModel
) -> None:
    wanted = request("A good beginning is made.", "สวัสดี", "It ends well, too.", language="en")
    stream = engine.generate(wanted)
    heard = await hear(stream)
    assert heard == speak_alone(model, request("A good beginning is made.", "It ends well, too."))
    assert stream.num_dropped == sum(char.isalnum() for char in "สวัสดี")


async def test_a_long_text_begins_before_its_end_was_read(engine: BatchingEngine) -> None:
    read: list[str] = []

    def spy(text: str, *rest: Any) -> PhoneSequence:
        read.append(text)
        return read_piece(text, *rest)

    texts = [f"This is sentence number {number} of many." for number in range(40)]
    with patch("tts_core.models.gpt_sovits.script.read_piece", spy):
        stream = engine.generate(request(*texts))
        await anext(stream)
        num_read = len(read)
        stream.cancel()
    assert 1 <= num_read < 10


async def test_a_full_engine_says_so_at_once(model: LoadedModel) -> None:
    engine = new_engine(model, num_slots=2)
    await engine.start()
    for name in "ab":
        engine.generate(request(request_id=name, sampling=LONG))
    with pytest.raises(Overloaded) as caught:
        engine.generate(request(request_id="c"))
    assert caught.value.retry_after_s
    with pytest.raises(InvalidParameter, match="open already"):
        engine.generate(request(request_id="a"))
    await engine.stop()


# Faults


@pytest.mark.parametrize(
    ("part", "method", "where"),
    [
        ("t2s", "prefill", "prompt"),
        ("sovits", "prior", "latents"),
        ("sovits.generator", "forward", "audio"),
    ],
)
async def test_an_exception_fails_its_request_alone(
    engine: BatchingEngine, model: LoadedModel, part: str, method: str, where: str
) -> None:
    owner: Any = model
    for name in part.split("."):
        owner = getattr(owner, name)
    with broken(owner, method, ValueError("broken on purpose")):
        failing, other = engine.generate(request(request_id="a")), engine.generate(request(request_id="b"))
        with pytest.raises(SegmentFailed, match=f"{where}.*segment 0.*broken on purpose"):
            await hear(failing)
        assert await hear(other) == speak_alone(model, request())
    engine.check_health()


async def test_whoever_breaks_a_shared_step_fails_alone(engine: BatchingEngine, model: LoadedModel) -> None:
    """`bo` has one prompt token more than `ada`, so nobody else's last token is at this position."""
    original, last = model.t2s.decode_step, 31 + NUM_TOKENS - 2

    def breaking(tokens: Any, positions: Any, audio_positions: Any, *rest: Any) -> Any:
        if (audio_positions == last).any():
            raise ValueError("broken on purpose")
        return original(tokens, positions, audio_positions, *rest)

    with patch.object(model.t2s, "decode_step", breaking):
        failing = engine.generate(request(request_id="a", voice="bo", language="en"))
        others = [engine.generate(request(request_id=name)) for name in "bc"]
        with pytest.raises(SegmentFailed, match=r"decoding tokens of segment 0.*broken on purpose"):
            await hear(failing)
        assert {await hear(other) for other in others} == {speak_alone(model, request())}
    engine.check_health()


async def test_what_was_spoken_before_a_failure_is_heard(engine: BatchingEngine, model: LoadedModel) -> None:
    heard: list[bytes] = []

    async def hear_on() -> None:
        async for chunk in engine.generate(request()):
            heard.append(chunk.pcm)  # noqa: PERF401 (what came before the error counts)

    broken_prior = broken(model.sovits, "prior", ValueError("broken on purpose"), after=1)
    with broken_prior, pytest.raises(SegmentFailed, match="segment 1"):
        await hear_on()
    whole = speak_alone(model, request())
    assert len(b"".join(heard)) // 2 == NUM_TOKENS * SAMPLES_PER_TOKEN + PAUSE_SAMPLES
    assert whole.startswith(b"".join(heard))


async def test_a_device_fault_is_told_to_everyone_at_once(model: LoadedModel) -> None:
    engine = new_engine(model)
    await engine.start()
    with broken(model.t2s, "decode_step", CUDA_FAULT):
        streams = [engine.generate(request(request_id=name)) for name in "abc"]
        for stream in streams:
            with pytest.raises(EnginePoisoned, match=r"decoding tokens of segment 0.*device-side assert"):
                await hear(stream)
    with pytest.raises(EnginePoisoned):
        engine.check_health()
    with pytest.raises(EnginePoisoned):
        engine.generate(request(request_id="d"))
    assert engine.stats().num_open == 0
    await engine.stop()


async def test_failures_in_a_row_poison_and_a_success_between_forgives(model: LoadedModel) -> None:
    engine = new_engine(model)
    await engine.start()

    async def fail(times: int) -> None:
        with broken(model.t2s, "decode_step", ValueError("broken on purpose"), times):
            for name in range(times):
                with pytest.raises(SegmentFailed):
                    await hear(engine.generate(request(request_id=str(name))))

    await fail(2)
    await hear(engine.generate(request()))
    await fail(2)
    engine.check_health()
    await fail(1)
    await until(lambda: poisoned(engine))
    await engine.stop()


def poisoned(engine: BatchingEngine) -> bool:
    try:
        engine.check_health()
    except EnginePoisoned:
        return True
    return False


async def test_a_voice_that_cannot_be_read_fails_alone_however_often(engine: BatchingEngine) -> None:
    original = engine._voice_of

    def failing(reference: Reference) -> Any:
        raise OSError("the disk is gone")

    engine._voice_of = failing
    for name in range(5):
        with pytest.raises(SegmentFailed, match="disk is gone"):
            await hear(engine.generate(request(request_id=str(name))))
    engine._voice_of = original
    assert await hear(engine.generate(request()))


async def test_a_step_that_never_ends_is_a_fault(model: LoadedModel) -> None:
    engine, hanging, go_on = new_engine(model, max_step_s=0.05), threading.Event(), threading.Event()
    await engine.start()
    original = model.t2s.prefill

    def hang(*inputs: Any) -> Any:
        hanging.set()
        go_on.wait()
        return original(*inputs)

    with patch.object(model.t2s, "prefill", hang):
        stream = engine.generate(request())
        await until(hanging.is_set)
        await until(lambda: poisoned(engine))
        with pytest.raises(EnginePoisoned, match="a step has run for more than"):
            await anext(stream)
        go_on.set()
        await engine.stop()


# Beginning and end


@pytest.mark.usefixtures("cold_start")
async def test_a_model_that_does_not_run_is_a_setup_error(model: LoadedModel) -> None:
    engine = new_engine(model)
    with (
        broken(model.t2s, "prefill", ValueError("broken on purpose")),
        pytest.raises(SetupError, match="purpose"),
    ):
        await engine.start()
    with pytest.raises(EngineStopped):
        engine.check_health()


async def test_stopping_ends_every_stream(model: LoadedModel) -> None:
    engine = new_engine(model, TIGHT)
    with pytest.raises(EngineStopped):
        engine.generate(request())
    await engine.start()
    streams = [engine.generate(request(*TEXT * 3, request_id=name, sampling=LONG)) for name in "ab"]
    await until(lambda: engine.stats().num_paused > 0)
    await engine.stop()
    for stream in streams:
        with pytest.raises(EngineStopped):
            await hear(stream)
    with pytest.raises(EngineStopped):
        engine.check_health()
