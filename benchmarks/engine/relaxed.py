"""An engine without fixed shapes and noise of its own, to measure against what bit identity costs.

Nobody is served like this: who else is there changes what a listener hears. It exists here alone, by
substitution, and the engine knows nothing of it. Against the engine as it is:
- a decode step has as many rows as slots up to the last in use, from one on, and reads as much of the cache
  as is used; a prompt is read without padding;
- a segment's last window has as many frames as are left;
- noise comes from torch's global generator, in any order.
On a GPU it also does without graphs, which there are for fixed shapes alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from tts_core.engine.model_runner import ModelRunner
from tts_core.models.gpt_sovits.noise import Purpose
from tts_core.models.gpt_sovits.vocoding import Span, WindowGenerator

_RUNNER = "tts_core.engine.assembly.ModelRunner"
_SAMPLER = "tts_core.engine.sampler"
_VOCODING = "tts_core.models.gpt_sovits.vocoding"


@contextmanager
def free_shapes() -> Iterator[None]:
    """Give the engines that are started meanwhile free shapes, once they have warmed up in fixed ones."""
    made: list[tuple[ModelRunner, WindowGenerator]] = []

    class Noted(ModelRunner):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append((self, self.generator))

    with patch(_RUNNER, Noted):
        yield
    for runner, generator in made:
        runner.shapes = replace(runner.shapes, min_rows=1, kv_multiple=1, prompt_multiple=1)
        # Graphs are of fixed shapes, so a free engine does without them.
        runner.steps.clear()
        runner.generator, runner.sampler.make_noise = generator, runner.sampler.compute_noise


@contextmanager
def free_windows_and_noise() -> Iterator[None]:
    """Let engines that work meanwhile cut windows to what is left, and draw from the global generator."""
    with ExitStack() as stack:
        stack.enter_context(patch(f"{_VOCODING}.plan.plan_windows", plan_exactly))
        stack.enter_context(patch(f"{_VOCODING}.shaping.normal", global_normal))
        stack.enter_context(patch(f"{_SAMPLER}.exponential", global_exponential))
        yield


def plan_exactly(start: int, end: int, sizes: Sequence[int]) -> Iterator[Span]:
    """Yield windows like `plan_windows`, without one frame more than there is."""
    while start < end:
        size = min(sizes[0], end - start)
        yield Span(start, size, size)
        start, sizes = start + size, sizes[1:] or sizes


def global_normal(seeds: Tensor, segments: Tensor, purpose: Purpose, positions: Tensor, count: int) -> Tensor:
    """Return what `noise.normal` does, from the global generator."""
    return torch.randn(len(positions), count, device=positions.device)


def global_exponential(
    seeds: Tensor, segments: Tensor, purpose: Purpose, positions: Tensor, count: int
) -> Tensor:
    """Return what `noise.exponential` does, from the global generator."""
    return torch.empty(len(positions), count, device=positions.device).exponential_()
