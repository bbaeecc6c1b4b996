"""A segment that can't be spoken, while those before it still are: they are heard first."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from tests.unit.engine.bench import Bench
from tests.unit.models.gpt_sovits_engine.support import NUM_TOKENS, TEXT, Prompts, broken, request
from tts_core.engine.async_engine import BatchingEngine
from tts_core.engine.policies import RoundRobin
from tts_core.engine.preparer import Unprepared
from tts_core.engine.sequence import SequenceStatus
from tts_core.errors import EmptyInput, EnginePoisoned, InputTooLong, PolyvoxError, SegmentFailed
from tts_core.frontend.pipeline import PhoneSequence
from tts_core.models.gpt_sovits.conditioning import read_piece
from tts_core.models.gpt_sovits.decoding import TokenDecoder
from tts_core.models.gpt_sovits.faults import EngineFault
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import SpeakingOptions
from tts_core.models.gpt_sovits.speaking import Utterance
from tts_core.request import SynthesisRequest

THREE = (*TEXT, "This can not be said.")
CUDA_FAULT = RuntimeError("CUDA error: device-side assert triggered")


@contextlib.contextmanager
def unreadable(error: Exception, word: str = "can not") -> Iterator[None]:
    """Let pieces that hold these words be unreadable."""

    def read(text: str, *rest: Any) -> PhoneSequence:
        if word in text:
            raise error
        return read_piece(text, *rest)

    with patch("tts_core.models.gpt_sovits.script.read_piece", read):
        yield


def heard_alone(model: LoadedModel, wanted: SynthesisRequest) -> bytes:
    """Return what is heard before the error of a request that is spoken without any engine."""
    utterance = Utterance(
        wanted, "en", model, TokenDecoder(model.t2s, 2048), Prompts(model), SpeakingOptions()
    )
    heard = b""
    with contextlib.suppress(PolyvoxError):
        for pcm in utterance.speak():
            heard += pcm
    return heard


async def heard_until_it_fails(engine: BatchingEngine, wanted: SynthesisRequest) -> tuple[bytes, Exception]:
    heard, stream = b"", engine.generate(wanted)
    try:
        async for chunk in stream:
            heard += chunk.pcm
            stream.acknowledge(len(heard) // 2)
    except PolyvoxError as error:
        return heard, error
    raise AssertionError("it did not fail")


@pytest.mark.parametrize("error", [InputTooLong("too long", param="input"), EmptyInput("nothing there")])
async def test_all_before_a_segment_that_cannot_be_read_is_heard(
    error: PolyvoxError, engine: BatchingEngine, model: LoadedModel
) -> None:
    with unreadable(error):
        alone = heard_alone(model, request(*THREE))
        assert await heard_until_it_fails(engine, request(*THREE)) == (alone, error)
    assert len(alone) > 2 * NUM_TOKENS * 1280 * 2
    assert engine.stats().num_open == 0
    engine.check_health()


@pytest.mark.parametrize("method", ["prefill", "decode_step"])
def test_all_before_a_segment_that_fails_in_the_models_is_heard(method: str, model: LoadedModel) -> None:
    """It is decoded while the first one is made audio of."""
    bench, whole = Bench(model, policy=RoundRobin()), Bench(model)
    whole.add(request(*TEXT))
    whole.run()
    failing = bench.add(request(*TEXT))
    decoded = NUM_TOKENS - 1 if method == "decode_step" else 1
    with broken(model.t2s, method, ValueError("broken on purpose"), after=decoded):
        while failing.sequences[-1].status is not SequenceStatus.FAILED:
            assert bench.step()
        assert bench.scheduler.num_running == 0
        assert failing.sequences[0].index == 0
        assert "r" not in bench.ears.heard or bench.heard().error is None
        bench.run()
    assert isinstance(bench.heard().error, SegmentFailed)
    pause = 2 * 9600
    assert len(bench.heard().pcm) == 2 * NUM_TOKENS * 1280 + pause
    assert whole.heard().pcm.startswith(bench.heard().pcm)
    assert not bench.reading


def test_whoever_leaves_before_they_are_told_is_not_told(model: LoadedModel) -> None:
    bench = Bench(model)
    leaving = bench.add(request(*TEXT))
    bench.read()
    bench.engine.step()
    bench.engine.prepared(Unprepared(bench.reading.popleft(), InputTooLong("too long")))
    bench.engine.remove(leaving)
    bench.run()
    assert bench.ears.heard == {}
    assert bench.scheduler.num_running == 0


def test_a_device_fault_in_the_reader_is_one_of_the_engine(model: LoadedModel) -> None:
    bench = Bench(model)
    bench.add(request(*TEXT))
    with pytest.raises(EngineFault, match=r"^reading segment 0 of request 'r' failed: RuntimeError: CUDA"):
        bench.engine.prepared(Unprepared(bench.reading.popleft(), CUDA_FAULT))


async def test_a_device_fault_in_the_reader_is_heard_by_everyone(engine: BatchingEngine) -> None:
    """Even where nothing else is computed that would fail, too: every later request would."""
    with unreadable(CUDA_FAULT):
        _, error = await heard_until_it_fails(engine, request(THREE[2]))
    assert isinstance(error, EnginePoisoned)
    with pytest.raises(EnginePoisoned, match="device-side assert"):
        engine.check_health()
