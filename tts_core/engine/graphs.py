"""CUDA graphs: what has a fixed shape is recorded once, and launched as a whole from then on.

A decode step is hundreds of small kernels, which take the processor longer to launch one by one than the GPU
to run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from tts_core.engine.model_runner import ModelRunner
from tts_core.errors import SetupError
from tts_core.models.gpt_sovits.faults import describe
from tts_core.models.gpt_sovits.vocoding import WindowGenerator

_NUM_TRIALS = 2
"""Libraries choose kernels and allocate when they first run, which can't be recorded."""

Work = Callable[[], None]


class Recorder(Protocol):
    """Turns work from buffers to buffers into its repetition."""

    def record(self, work: Work, name: str) -> Work:
        """Return what does `work` again on what its buffers then hold. `name` is for messages."""
        ...


class CudaRecorder:
    """Records graphs on a stream of its own. They run one after the other, so they share their memory.

    Args:
        device: where they run.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, work: Work, name: str) -> Work:
        """See `Recorder`.

        Raises:
            SetupError: it can't be recorded, as where it waits for the device.
        """
        try:
            self._try(work)
            return self._capture(work)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            raise SetupError(f"{name} can't be captured as a CUDA graph: {describe(error)}") from error

    def _try(self, work: Work) -> None:
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            for _ in range(_NUM_TRIALS):
                work()
        current.wait_stream(self._stream)

    def _capture(self, work: Work) -> Work:
        graph = torch.cuda.CUDAGraph()
        # Other threads may go on allocating meanwhile: other engines of this process, and readers.
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            work()
        replay: Work = graph.replay
        return replay


@torch.inference_mode()
def record_runner(runner: ModelRunner, recorder: Recorder) -> None:
    """Record every decode step, and noise; windows are recorded when each shape is first generated.

    The first position of every slot is overwritten.
    """
    sampler = runner.sampler
    sampler.make_noise = recorder.record(sampler.compute_noise, "noise")
    for num_rows, kv_len in runner.shapes.decode_shapes(runner.num_slots, runner.max_len):
        name = f"a decode step of {num_rows} rows over {kv_len} positions"
        step = partial(runner.step, num_rows, kv_len)
        runner.steps[num_rows, kv_len] = recorder.record(step, name)
    runner.generator = RecordedGenerator(runner.generator, recorder)


class RecordedGenerator:
    """Stands in for a generator. Records each shape when it first comes, and replays it from then on.

    What it returns is overwritten when the same shape comes again.

    Args:
        generator: what to record.
        recorder: how.
    """

    def __init__(self, generator: WindowGenerator, recorder: Recorder) -> None:
        self._generator, self._recorder = generator, recorder
        self._windows: dict[tuple[int, ...], _RecordedWindow] = {}

    @torch.inference_mode()
    def __call__(
        self, latents: Tensor, style: Tensor, mask: Tensor | None = None, context: int = 0
    ) -> Tensor:
        """See `Generator.forward`."""
        shape = (*latents.shape, context)
        if shape not in self._windows:
            self._windows[shape] = _RecordedWindow(self._generator, self._recorder, latents, style, context)
        return self._windows[shape](latents, style, mask)


class _RecordedWindow:
    """One shape's inputs and output, at addresses that never change. The mask is always a tensor."""

    def __init__(
        self, generator: WindowGenerator, recorder: Recorder, latents: Tensor, style: Tensor, context: int
    ) -> None:
        self._generator, self._context = generator, context
        self._latents, self._style = latents.clone(), style.clone()
        self._mask = torch.ones_like(latents[:, :1])
        self._audio = torch.empty_like(self._generate())
        rows, _, frames = latents.shape
        self._replay = recorder.record(self._work, f"a window of {rows} rows and {frames} frames")

    def __call__(self, latents: Tensor, style: Tensor, mask: Tensor | None) -> Tensor:
        self._latents.copy_(latents)
        self._style.copy_(style)
        self._mask.fill_(1.0) if mask is None else self._mask.copy_(mask)
        self._replay()
        return self._audio

    def _work(self) -> None:
        self._audio.copy_(self._generate())

    def _generate(self) -> Tensor:
        audio: Tensor = self._generator(self._latents, self._style, self._mask, self._context)
        return audio
