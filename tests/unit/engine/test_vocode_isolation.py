"""A window that can't be cut or taken, among others."""

from __future__ import annotations

import pytest

from tests.unit.engine.bench import BROKEN, Bench, alone, one
from tests.unit.engine.support import fake_stream
from tests.unit.models.gpt_sovits_engine.support import broken
from tts_core.engine.operations import Shape
from tts_core.errors import SegmentFailed
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.sampling_params import SamplingParams

LONG = SamplingParams(ignore_eos=True, max_tokens=40)


@pytest.mark.parametrize("method", ["next_window", "accept"])
@pytest.mark.parametrize("low_latency", [False, True])
def test_whoever_fails_among_windows_fails_alone(low_latency: bool, method: str, model: LoadedModel) -> None:
    """In low latency all are decoded still: whoever is stepped instead hears their audio with a gap."""
    bench, wanted = Bench(model, window_rows=3), one(sampling=LONG, low_latency=low_latency)
    for name in "abc":
        bench.add(one(name, sampling=LONG, low_latency=low_latency))
    while bench.step() and bench.kinds[-1] is not Shape:
        pass
    for count, listener in enumerate(bench.scheduler.listeners, 1):
        while bench.kinds.count(Shape) < count:
            assert bench.step()
        fake_stream(listener).deadline = 9.0
    vocoder = bench.scheduler.listeners[1].sequences[0].vocoder
    with broken(vocoder, method, BROKEN):
        bench.run()
    error = bench.heard("b").error
    assert isinstance(error, SegmentFailed)
    assert "generating audio of segment 0 failed: ValueError: broken on purpose" in error.message
    right = alone(model, wanted, window_rows=3)
    assert {bench.heard(name).pcm for name in "ac"} == {right}
    assert right.startswith(bench.heard("b").pcm)
