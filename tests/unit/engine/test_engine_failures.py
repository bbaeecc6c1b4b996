"""Who pays where a step of the engine fails: the guilty one, or everyone at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from tests.unit.engine.bench import BROKEN, Bench, alone, decode_until, one
from tests.unit.models.gpt_sovits_engine.support import broken, request, speak_alone
from tts_core.engine.model_runner import Drawn, Row
from tts_core.engine.operations import Shape
from tts_core.engine.preparer import Unprepared
from tts_core.engine.voicing import Voiced
from tts_core.errors import SegmentFailed, UnknownVoice
from tts_core.models.gpt_sovits.faults import EngineFault
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import Script
from tts_core.sampling_params import SamplingParams

CUDA_FAULT = RuntimeError("CUDA error: device-side assert triggered")


@pytest.fixture
def bench(model: LoadedModel) -> Bench:
    return Bench(model)


@contextmanager
def altered(model: LoadedModel, row: int, value: float = math.nan) -> Iterator[None]:
    """Let every decode step give such logits in one row."""
    original = model.t2s.decode_step

    def decode_step(*inputs: Any) -> Tensor:
        logits: Tensor = original(*inputs)
        logits[row] = value
        return logits

    with patch.object(model.t2s, "decode_step", decode_step):
        yield


def test_what_cannot_be_read_fails_with_its_own_error(bench: Bench) -> None:
    bench.add(one())
    error = UnknownVoice("no voice 'x'", param="voice")
    bench.engine.prepared(Unprepared(bench.reading.popleft(), error))
    assert bench.heard().error is error
    bench.run()


def test_an_exception_in_a_shared_step_fails_the_guilty_one_alone(bench: Bench, model: LoadedModel) -> None:
    """The step is repeated for each by itself: what comes of it is what would have come of it at once."""
    for name in "abc":
        bench.add(one(name))
    decode_until(bench, 3)
    original, guilty = bench.runner.decode, bench.scheduler.listeners[1].sequences[0]

    def decode(rows: list[Row], num_used: int) -> list[Drawn]:
        if any(row.slot == guilty.slot for row in rows):
            raise BROKEN
        return original(rows, num_used)

    with patch.object(bench.runner, "decode", decode):
        bench.run()
    error = bench.heard("b").error
    assert isinstance(error, SegmentFailed)
    assert "decoding tokens of segment 0 failed: ValueError: broken on purpose" in error.message
    assert {bench.heard(name).pcm for name in "ac"} == {speak_alone(model, one())}
    assert bench.scheduler.num_running == 0


def test_a_token_that_cannot_be_judged_fails_its_listener_alone(model: LoadedModel) -> None:
    """The step that drew it went well: were it repeated, others would be penalised for tokens drawn twice."""
    bench = Bench(model, max_len=1792)
    for name in "abc":
        bench.add(one(name, sampling=None))
    decode_until(bench, 3)
    guilty = bench.scheduler.listeners[1].sequences[0].takes
    assert guilty is not None
    with patch.object(guilty, "watch", side_effect=BROKEN):
        bench.run()
    error = bench.heard("b").error
    assert isinstance(error, SegmentFailed)
    assert "decoding tokens of segment 0 failed: ValueError: broken on purpose" in error.message
    assert {bench.heard(name).pcm for name in "ac"} == {speak_alone(model, one(sampling=None))}


def test_a_shared_step_that_fails_once_fails_nobody(bench: Bench, model: LoadedModel) -> None:
    for name in "abc":
        bench.add(one(name))
    decode_until(bench, 3)
    with broken(model.t2s, "decode_step", BROKEN):
        bench.run()
    assert {bench.heard(name).pcm for name in "abc"} == {speak_alone(model, one())}


def test_a_step_that_fails_once_its_tokens_are_drawn_fails_nobody(bench: Bench, model: LoadedModel) -> None:
    """It is repeated, and nobody is penalised for a token that was drawn twice."""
    for name in "abc":
        bench.add(one(name))
    decode_until(bench, 3)
    for _ in range(3):
        with broken(bench.runner, "_results", BROKEN):
            bench.step()
    bench.run()
    assert {bench.heard(name).pcm for name in "abc"} == {speak_alone(model, one())}


@pytest.mark.parametrize("row", range(3))
def test_logits_that_are_not_finite_fail_their_row_alone(row: int, bench: Bench, model: LoadedModel) -> None:
    for name in "abc":
        bench.add(one(name))
    decode_until(bench, 3)
    with altered(model, row):
        bench.step()
    bench.run()
    error = bench.heard("abc"[row]).error
    assert isinstance(error, SegmentFailed)
    assert "logits are not finite at step 1" in error.message
    others = {bench.heard(name).pcm for index, name in enumerate("abc") if index != row}
    assert others == {speak_alone(model, one())}


@pytest.mark.parametrize(
    ("part", "method", "where"),
    [("t2s", "prefill", "reading the prompt"), ("sovits", "prior", "computing latents")],
)
def test_an_exception_elsewhere_fails_whoever_it_was_done_for(
    part: str, method: str, where: str, bench: Bench, model: LoadedModel
) -> None:
    with broken(getattr(model, part), method, BROKEN):
        for name in "ab":
            bench.add(one(name))
        bench.run()
    failed = [name for name in "ab" if bench.heard(name).error]
    assert len(failed) == 1
    error = bench.heard(failed[0]).error
    assert isinstance(error, SegmentFailed)
    assert f"{where} of segment 0 failed: ValueError: broken on purpose" in error.message
    assert {bench.heard(name).pcm for name in "ab" if name not in failed} == {speak_alone(model, one())}


def test_a_window_that_fails_among_others_fails_alone(model: LoadedModel) -> None:
    """Windows are generated two at a time here; those of the second voice can't be."""
    bench = Bench(model, window_rows=2)
    for name, voice in (("a", "ada"), ("b", "bo"), ("c", "ada")):
        bench.add(one(name, voice=voice))
    while bench.step() and bench.kinds[-1] is not Shape:
        pass
    guilty = bench.scheduler.listeners[1].script
    assert guilty is not None
    original, num_rows = model.sovits.generator.forward, []

    def forward(latents: Tensor, style: Tensor, *rest: Any) -> Tensor:
        num_rows.append(len(style))
        if any(torch.equal(row, guilty.voice.style.audio[0]) for row in style):
            raise BROKEN
        return original(latents, style, *rest)

    with patch.object(model.sovits.generator, "forward", forward):
        bench.run()
    error = bench.heard("b").error
    assert isinstance(error, SegmentFailed)
    assert "generating audio of segment 0 failed: ValueError: broken on purpose" in error.message
    assert {bench.heard(name).pcm for name in "ac"} == {alone(model, one(), window_rows=2)}
    assert max(num_rows) == 2


@pytest.mark.parametrize(
    ("part", "method", "doing"),
    [
        ("t2s", "prefill", "reading the prompt of segment 0 of request 'a'"),
        (
            "t2s",
            "decode_step",
            "decoding tokens of segment 0 of request 'a', segment 0 of request 'b'",
        ),
        ("sovits", "prior", "computing latents of segment 0 of request 'a'"),
        ("sovits.generator", "forward", "generating audio of segment 0 of request 'a'"),
    ],
)
def test_a_device_fault_names_what_was_done_and_for_whom(
    part: str, method: str, doing: str, bench: Bench, model: LoadedModel
) -> None:
    owner: Any = model
    for name in part.split("."):
        owner = getattr(owner, name)
    for name in "ab":
        bench.add(one(name))
    with (
        broken(owner, method, CUDA_FAULT),
        pytest.raises(EngineFault, match=f"^{doing} failed: RuntimeError: CUDA error: device-side assert"),
    ):
        bench.run()
    assert not any(heard.error for heard in bench.ears.heard.values())


def test_a_device_fault_counts_though_its_listener_has_left(bench: Bench) -> None:
    listener = bench.add(one())
    decode_until(bench, 1)
    shape = Shape(listener.sequences[0])
    bench.engine.remove(listener)
    with pytest.raises(EngineFault, match="computing latents of segment 0 of request 'r' failed"):
        bench.engine.voiced(Voiced(shape, (CUDA_FAULT,), 0.1))


def test_audio_that_cannot_be_passed_on_fails_its_listener_alone(bench: Bench, model: LoadedModel) -> None:
    for name in "ab":
        bench.add(one(name))
    with patch.object(bench.scheduler.listeners[0], "count", side_effect=BROKEN):
        bench.run()
    error = bench.heard("a").error
    assert isinstance(error, SegmentFailed)
    assert "generating audio of segment 0 failed: ValueError: broken on purpose" in error.message
    assert bench.heard("b").pcm == speak_alone(model, one())


def test_what_cannot_be_filled_in_fails_its_listener_alone(bench: Bench, model: LoadedModel) -> None:
    bench.add(one("a"))
    with patch.object(Script, "most_tokens", side_effect=BROKEN):
        bench.read()
    bench.add(one("b"))
    bench.run()
    error = bench.heard("a").error
    assert isinstance(error, SegmentFailed)
    assert "reading the request of segment 0 failed: ValueError: broken on purpose" in error.message
    assert bench.heard("b").pcm == speak_alone(model, one())


def fail(bench: Bench, model: LoadedModel, times: int) -> None:
    with broken(model.t2s, "prefill", BROKEN, times):
        for number in range(times):
            bench.add(one(f"failing {number} of {times} at {len(bench.ears.heard)}"))
            bench.run()


def test_three_failures_in_a_row_end_everything(bench: Bench, model: LoadedModel) -> None:
    fail(bench, model, 2)
    with pytest.raises(EngineFault, match="3 requests failed in a row, the last one so: reading the prompt"):
        fail(bench, model, 1)


def test_a_request_that_is_spoken_forgives_failures_before_it(bench: Bench, model: LoadedModel) -> None:
    for _ in range(3):
        fail(bench, model, 2)
        bench.add(one(f"spoken after {len(bench.ears.heard)}"))
        bench.run()


def test_a_segment_that_is_spoken_forgives_failures_before_it(bench: Bench, model: LoadedModel) -> None:
    """Somebody may listen to a long text all the while: the models work."""
    sampling = SamplingParams(ignore_eos=True, max_tokens=100)
    listener = bench.add(request(request_id="long", sampling=sampling), max_lead_samples=1)
    stream: Any = listener.stream
    bench.run()
    fail(bench, model, 2)
    while 1 not in bench.heard("long").codes:
        stream.num_delivered = listener.num_produced
        bench.run()
    fail(bench, model, 2)
    assert not bench.heard("long").is_over


def test_what_cannot_be_read_does_not_count(bench: Bench) -> None:
    for number in range(5):
        bench.add(one(str(number)))
        bench.engine.prepared(Unprepared(bench.reading.popleft(), OSError("the disk is gone")))
        error = bench.heard(str(number)).error
        assert isinstance(error, SegmentFailed)
        assert "reading the request of segment 0 failed: OSError: the disk is gone" in error.message
