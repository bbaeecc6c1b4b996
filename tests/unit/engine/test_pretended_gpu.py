"""What a GPU is asked to do, seen on one that computes nothing: where things lie, who waits for it when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any
from unittest.mock import Mock, patch

import pytest
import torch
from torch import Tensor

from tests.support.pretend_gpu import GPU, Waits, pretend_gpu
from tests.unit.models.gpt_sovits_engine.support import Prompt
from tts_core.engine import assembly
from tts_core.engine.assembly import EngineOptions, assemble
from tts_core.engine.costs import Costs
from tts_core.engine.graphs import Work, record_runner
from tts_core.engine.model_runner import ModelRunner, Row
from tts_core.engine.rows import proven
from tts_core.engine.sampler import NoiseSource
from tts_core.engine.shapes import Shapes
from tts_core.engine.warm_up import noise_windows
from tts_core.models.gpt_sovits.conditioning import decode_inputs, read_piece, style_of
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.script import SpeakingOptions
from tts_core.models.gpt_sovits.vocoding import WINDOW_FRAMES
from tts_core.models.gpt_sovits.weights import VERSIONS, WeightsPaths
from tts_core.sampling_params import SamplingParams

NUM_SLOTS = 4
MAX_LEN = 320
PARAMS = SamplingParams()
SOURCE = NoiseSource(3, 0)
ROW = Row(slot=0, token=1, position=300, audio_position=100, step=32, may_end=True)
CAPTURED = ["noise", *(f"a decode step of {NUM_SLOTS} rows over {length} positions" for length in (320, 256))]


@pytest.fixture
def waits(weights_of: Callable[[str], WeightsPaths]) -> Iterator[Waits]:
    for version in VERSIONS:
        weights_of(version)  # files are written with values
    with pretend_gpu() as waits:
        yield waits


@pytest.fixture
def model(waits: Waits, weights_of: Callable[[str], WeightsPaths]) -> LoadedModel:
    return load_model(weights_of("v2"), "tiny", torch.bfloat16, GPU)


class StrictRecorder:
    """Takes only what can be captured as a graph: work that never waits for the device.

    Attributes:
        names: of what was recorded.
    """

    def __init__(self, waits: Waits) -> None:
        self._waits, self.names = waits, list[str]()

    def record(self, work: Work, name: str) -> Work:
        self.names.append(name)
        self._waits.taken()
        work()
        assert self._waits.taken() == [], f"{name} waits for the device"
        return work


def new_runner(model: LoadedModel, recorder: StrictRecorder) -> ModelRunner:
    shapes = Shapes.for_device(GPU, NUM_SLOTS)
    runner = ModelRunner(model.t2s, model.sovits.generator, NUM_SLOTS, MAX_LEN, shapes, num_shelves=1)
    runner.shapes = proven(shapes, model.t2s, runner.cache)
    record_runner(runner, recorder)
    return runner


def prompt(model: LoadedModel) -> Prompt:
    """Return a voice as a cache gives it, on the CPU, read by the GPU's own models."""
    recording, speaker = torch.zeros(48_000), model.speaker_encoder
    return Prompt(
        tokens=model.speech_features.tokens(recording, model.sovits.codebook).cpu(),
        spectrograms=(torch.zeros(1025, 100),),
        speakers=() if speaker is None else (speaker.embed(recording)[0].float().cpu(),),
        phones=(1,) * 12,
        bert=torch.zeros(1024, 12),
    )


def is_there(*tensors: Tensor) -> bool:
    return all(tensor.device == GPU for tensor in tensors)


def at_once(work: Callable[[], Any], name: str, *, gives_way: bool) -> Future[Any]:
    """Work in this thread: in others there is no GPU."""
    done: Future[Any] = Future()
    done.set_result(work())
    return done


def assembled(model: LoadedModel, recorder: StrictRecorder) -> ModelRunner:
    speaking = SpeakingOptions(max_len=MAX_LEN)
    options = EngineOptions(num_slots=NUM_SLOTS, speaking=speaking)
    with patch.multiple(assembly, apart=at_once, CudaRecorder=lambda device: recorder):
        engine = assemble(model, options, Mock(), Mock(), Costs(NUM_SLOTS), Mock())
    return engine._runner


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_starts_and_reads_there(
    version: str, waits: Waits, weights_of: Callable[[str], WeightsPaths]
) -> None:
    model = load_model(weights_of(version), "tiny", torch.float16, GPU)
    assert is_there(*model.t2s.parameters(), *model.t2s.buffers(), *model.sovits.parameters())
    recorder = StrictRecorder(waits)
    runner = assembled(model, recorder)
    assert list(runner.steps) == [(NUM_SLOTS, 320), (NUM_SLOTS, 256)]
    windows = [name for name in recorder.names if "window" in name]
    assert len(windows) == len(WINDOW_FRAMES)
    assert [name for name in recorder.names if name not in windows] == CAPTURED
    voice, style = prompt(model), style_of(prompt(model), model)
    inputs = decode_inputs(read_piece("你好，世界。Hello there.", "zh", model), voice, model)
    assert is_there(inputs.phones, inputs.bert, inputs.prompt, style.audio, style.text)


def test_convolutions_there_are_repeatable_and_whole(waits: Waits, model: LoadedModel) -> None:
    cudnn = torch.backends.cudnn
    with cudnn.flags(benchmark=True, deterministic=False, allow_tf32=True), patch.object(assembly, "warm_up"):
        assembled(model, StrictRecorder(waits))
        assert (cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32) == (False, True, False)


def test_a_step_waits_for_its_results_alone(waits: Waits, model: LoadedModel) -> None:
    runner = new_runner(model, StrictRecorder(waits))
    waits.taken()
    runner.decode([ROW], 1)
    assert waits.taken() == ["tolist"]


def test_reading_a_prompt_waits_for_the_first_token_alone(waits: Waits, model: LoadedModel) -> None:
    runner = new_runner(model, StrictRecorder(waits))
    inputs = decode_inputs(read_piece("Hello there.", "en", model), prompt(model), model)
    waits.taken()
    runner.prefill(inputs, 0, PARAMS, SOURCE)
    assert waits.taken() == ["tolist"]


def test_parking_and_coming_back_wait_once_each(waits: Waits, model: LoadedModel) -> None:
    runner = new_runner(model, StrictRecorder(waits))
    said = torch.zeros(130, dtype=torch.int64, device=GPU)
    waits.taken()
    runner.park(ROW, 0)
    assert waits.taken() == ["synchronize"]
    runner.restore(ROW, 0, PARAMS, SOURCE, said)
    assert waits.taken() == ["synchronize"]


def test_windows_wait_for_their_audio_alone(waits: Waits, model: LoadedModel) -> None:
    runner = new_runner(model, StrictRecorder(waits))
    for windows in noise_windows(model, runner):
        runner.generate(windows)  # which records this size
        waits.taken()
        for audio in runner.generate(windows):
            assert audio.device.type == "cpu"
        assert len(waits.taken()) == 1


# What makes these tests able to fail


def test_operands_in_two_places_are_refused(waits: Waits) -> None:
    with pytest.raises(RuntimeError, match="same device"):
        torch.zeros(3, device=GPU) + torch.zeros(3)


def test_what_waits_cannot_be_recorded(waits: Waits) -> None:
    recorder, here = StrictRecorder(waits), torch.zeros(3, device=GPU)
    somewhere = torch.zeros(3, dtype=torch.int64)
    culprits: list[Callable[[], Any]] = [
        here.cpu,
        here.tolist,
        lambda: here.copy_(somewhere),
        lambda: here[somewhere],
    ]
    for culprit in culprits:
        with pytest.raises(AssertionError, match="waits for the device"):
            recorder.record(culprit, "it")
