"""Recorded shapes give what they would compute: which are recorded, what goes in, what comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
import torch

from tests.unit.engine.speaker import MAX_LEN, NUM_SLOTS, Speaker, finish, new_runner
from tests.unit.models.gpt_sovits_engine.support import hear, new_engine, request
from tts_core.engine.graphs import CudaRecorder, RecordedGenerator, Recorder, Work, record_runner
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.shapes import Shapes
from tts_core.errors import SetupError
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.vocoding import WindowInputs, run_windows
from tts_core.models.gpt_sovits.weights import WeightsPaths

CUDA = torch.device("cuda")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


class FakeRecorder:
    """Runs work once as it is recorded, and again at each replay, and counts those.

    Attributes:
        replays: how often each name was replayed.
    """

    def __init__(self) -> None:
        self.replays: dict[str, int] = {}

    def record(self, work: Work, name: str) -> Work:
        work()
        self.replays[name] = 0

        def replay() -> None:
            self.replays[name] += 1
            work()

        return replay


def recorded_runner(model: LoadedModel, recorder: Recorder, shapes: Shapes) -> ModelRunner:
    runner = new_runner(model)
    runner.shapes = shapes
    record_runner(runner, recorder)
    for slot in range(runner.num_slots):
        runner.clear(slot, MAX_LEN)
    return runner


ALL_ROWS = Shapes(min_rows=NUM_SLOTS, kv_multiple=64)


def test_every_shape_of_step_is_recorded_and_replayed(model: LoadedModel) -> None:
    recorder = FakeRecorder()
    runner = recorded_runner(model, recorder, ALL_ROWS)
    assert list(runner.steps) == [(NUM_SLOTS, 192), (NUM_SLOTS, 128), (NUM_SLOTS, 64)]
    speakers = [Speaker(model.t2s, seed) for seed in (3, 8)]
    for slot, speaker in enumerate(speakers):
        speaker.enter(runner, slot)
    with patch.object(runner, "step", side_effect=AssertionError("not replayed")):
        finish(runner, *speakers)
    steps = {name: count for name, count in recorder.replays.items() if "decode step" in name}
    assert sum(steps.values()) == len(speakers[0].codes) - 1
    assert len([count for count in steps.values() if count]) > 1
    assert recorder.replays["noise"] == 2 * 3  # 70 tokens in blocks of 32


def test_tokens_are_the_same_as_unrecorded(model: LoadedModel) -> None:
    runner = recorded_runner(model, FakeRecorder(), ALL_ROWS)
    speakers = [Speaker(model.t2s, seed) for seed in (3, 8, 5)]
    for slot, speaker in enumerate(speakers):
        speaker.enter(runner, slot)
    finish(runner, *speakers)
    assert [one.codes for one in speakers] == [one.alone() for one in speakers]


# Windows


def window(model: LoadedModel, seed: int, size: int, with_mask: bool) -> WindowInputs:
    draw = torch.Generator().manual_seed(seed)
    config, context = model.sovits.config, model.sovits.generator.receptive_field_frames
    latents = torch.randn(1, config.latent_channels, size + 2 * context, generator=draw)
    style = torch.randn(1, config.style_channels, 1, generator=draw)
    mask = torch.ones_like(latents[:, :1])
    mask[:, :, -context - seed :] = 0
    latents, style, mask = (one.to(model.device, model.dtype) for one in (latents, style, mask))
    return WindowInputs(latents, mask if with_mask else None, style, size, context)


def test_windows_are_recorded_once_and_sound_the_same(model: LoadedModel) -> None:
    recorder = FakeRecorder()
    recorded: Any = RecordedGenerator(model.sovits.generator, recorder)
    batches = [
        [window(model, 1, 16, True), window(model, 2, 16, False)],
        [window(model, 3, 32, False)],
        [window(model, 4, 16, False)],
        [window(model, 5, 16, True)],
    ]
    for batch in batches:
        expected = run_windows(model.sovits.generator, batch, 2)
        for audio, other in zip(run_windows(recorded, batch, 2), expected, strict=True):
            assert torch.equal(audio, other)
    assert list(recorder.replays.values()) == [3, 1]


def test_a_runner_generates_with_what_was_recorded(model: LoadedModel) -> None:
    recorder = FakeRecorder()
    runner = recorded_runner(model, recorder, Shapes(min_rows=NUM_SLOTS, window_rows=2))
    given = [window(model, 1, 16, True)]
    assert torch.equal(runner.generate(given)[0], run_windows(model.sovits.generator, given, 2)[0])
    assert [count for name, count in recorder.replays.items() if "window of 2 rows" in name] == [1]


# Recording, without a device


@pytest.fixture
def cuda() -> Any:
    """What a recorder asks of CUDA, none of which does anything."""
    names = ("Stream", "stream", "current_stream", "graph_pool_handle", "CUDAGraph", "graph")
    fake = MagicMock()
    with patch.multiple(torch.cuda, **{name: getattr(fake, name) for name in names}):
        yield fake


def test_work_is_tried_before_it_is_recorded_and_replayed_by_its_graph(cuda: Any) -> None:
    work = MagicMock()
    replay = CudaRecorder(CUDA).record(work, "work")
    assert work.call_count == 3
    assert cuda.graph.call_args.kwargs["pool"] == cuda.graph_pool_handle()
    replay()
    assert work.call_count == 3
    cuda.CUDAGraph().replay.assert_called_once_with()


def test_graphs_share_their_memory(cuda: Any) -> None:
    recorder = CudaRecorder(CUDA)
    recorder.record(MagicMock(), "one")
    recorder.record(MagicMock(), "other")
    assert cuda.graph_pool_handle.call_count == 1


def test_what_cannot_be_recorded_is_named(cuda: Any) -> None:
    work = MagicMock(side_effect=RuntimeError("operation not permitted when stream is capturing"))
    with pytest.raises(SetupError, match=r"a decode step can't be captured .* not permitted"):
        CudaRecorder(CUDA).record(work, "a decode step")


def test_running_out_of_memory_stays_what_it_is(cuda: Any) -> None:
    work = MagicMock(side_effect=torch.OutOfMemoryError("no"))
    with pytest.raises(torch.OutOfMemoryError):
        CudaRecorder(CUDA).record(work, "a decode step")


# On a real one


@pytest.fixture(scope="module", params=[torch.float32, torch.bfloat16, torch.float16], ids=str)
def gpu_model(request: pytest.FixtureRequest, weights_of: Callable[[str], WeightsPaths]) -> LoadedModel:
    return load_model(weights_of("v2"), "tiny", request.param, CUDA)


@needs_gpu
@pytest.mark.gpu
async def test_on_a_gpu_neighbours_do_not_change_a_byte(gpu_model: LoadedModel) -> None:
    engine = new_engine(gpu_model, num_slots=4)
    await engine.start()
    wanted = [
        request(request_id="a", seed=1),
        request(request_id="b", seed=2, low_latency=True),
        request(request_id="c", voice="bo", language="en", speed=1.2),
        request("你好，世界，今天天气很好。", request_id="d", language="zh"),
    ]
    try:
        alone = [await hear(engine.generate(one)) for one in wanted]
        together = await asyncio.gather(*(hear(engine.generate(one)) for one in wanted))
    finally:
        await engine.stop()
    assert together == alone
    assert len(set(alone)) == len(alone)


def gpu_runner(model: LoadedModel, *, with_graphs: bool) -> ModelRunner:
    shapes = Shapes.for_device(CUDA, NUM_SLOTS)
    runner = ModelRunner(model.t2s, model.sovits.generator, NUM_SLOTS, 512, shapes)
    if with_graphs:
        record_runner(runner, CudaRecorder(CUDA))
        for slot in range(NUM_SLOTS):
            runner.clear(slot, 1)
    return runner


def gpu_speaker(model: LoadedModel, seed: int) -> Speaker:
    speaker = Speaker(model.t2s, seed)
    inputs = speaker.inputs
    speaker.inputs = type(inputs)(
        phones=inputs.phones.to(CUDA),
        bert=inputs.bert.to(CUDA, model.dtype),
        prompt=inputs.prompt.to(CUDA),
    )
    return speaker


@needs_gpu
@pytest.mark.gpu
def test_on_a_gpu_graphs_draw_the_same_tokens(gpu_model: LoadedModel) -> None:
    heard = []
    for with_graphs in (False, True):
        runner = gpu_runner(gpu_model, with_graphs=with_graphs)
        speakers = [gpu_speaker(gpu_model, seed) for seed in (3, 8, 5)]
        for slot, speaker in enumerate(speakers):
            speaker.enter(runner, slot)
        finish(runner, *speakers)
        heard.append([speaker.codes for speaker in speakers])
    assert heard[0] == heard[1]


@needs_gpu
@pytest.mark.gpu
def test_on_a_gpu_recorded_windows_sound_the_same(gpu_model: LoadedModel) -> None:
    torch.backends.cudnn.deterministic = True
    runner = gpu_runner(gpu_model, with_graphs=True)
    batch = [window(gpu_model, seed, 32, bool(seed % 2)) for seed in (1, 2, 3)]
    plain = run_windows(gpu_model.sovits.generator, batch, runner.shapes.window_rows)
    for _ in range(2):
        assert all(map(torch.equal, runner.generate(batch), plain))
    alone = [runner.generate([one])[0] for one in batch]
    assert all(map(torch.equal, alone, plain))


@needs_gpu
@pytest.mark.gpu
def test_on_a_gpu_a_step_waits_once(gpu_model: LoadedModel) -> None:
    runner = gpu_runner(gpu_model, with_graphs=False)
    speaker = gpu_speaker(gpu_model, 3)
    speaker.enter(runner, 0)
    with patch.object(runner, "_results", return_value=[]) as results:
        torch.cuda.set_sync_debug_mode("error")
        try:
            runner.sampler.refresh(0, 32)
            with pytest.raises(IndexError):  # there are no results; whatever else waited would say so
                runner.decode([speaker.row()], 1)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    results.assert_called_once()
