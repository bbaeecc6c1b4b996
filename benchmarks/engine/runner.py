"""The runner that stages are measured on: put together like an engine's, on slots of its own."""

from __future__ import annotations

import torch

from tts_core.engine.graphs import CudaRecorder, record_runner
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.rows import proven
from tts_core.engine.shapes import Shapes
from tts_core.models.gpt_sovits.loaded_model import LoadedModel


def stage_runner(model: LoadedModel, num_slots: int, max_len: int) -> ModelRunner:
    """Return a runner with a shelf, in shapes that were proven, with graphs where there are any.

    Its slots are full of values.

    Raises:
        SetupError: rows depend on each other on this machine.
    """
    shapes = Shapes.for_device(model.device, num_slots)
    runner = ModelRunner(model.t2s, model.sovits.generator, num_slots, max_len, shapes, num_shelves=1)
    runner.shapes = proven(shapes, model.t2s, runner.cache)
    if model.device.type == "cuda":
        record_runner(runner, CudaRecorder(model.device))
    # Zeros that nobody wrote may all be one page, which reads faster than a cache does.
    runner.cache.fill(torch.arange(runner.num_slots, device=model.device), 0.5)
    return runner
