"""An engine without fixed shapes and without noise of its own: what bit identity costs is measured against it.

Nobody is served like this: who else is there changes what a listener hears. It exists here alone, by
substitution, and the engine knows nothing of it. Against the engine as it is:
- a decode step has as many rows as slots up to the last in use, from one on, and reads as much of the cache
  as is used; a prompt is read without padding;
- a segment's last window has as many frames as are left;
- noise comes from torch's global generator, in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch
from torch import Tensor

from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.shapes import Shapes
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.noise import Purpose
from tts_core.models.gpt_sovits.vocoding import Span

FREE_SHAPES = Shapes(min_rows=1, kv_multiple=1, prompt_multiple=1)
_ASSEMBLY = "tts_core.engine.assembly"
_SAMPLER = "tts_core.engine.sampler"
_VOCODING = "tts_core.models.gpt_sovits.vocoding"


@contextmanager
def free_shapes() -> Iterator[None]:
    """Give engines that are assembled meanwhile free shapes.

    They don't warm up, which would try every length of prompt: a round that doesn't count comes first.
    """
    with ExitStack() as stack:
        stack.enter_context(patch(f"{_ASSEMBLY}.Shapes", lambda: FREE_SHAPES))
        stack.enter_context(patch(f"{_ASSEMBLY}.warm_up", _no_warm_up))
        yield


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


def _no_warm_up(model: LoadedModel, runner: ModelRunner) -> None:
    """Do nothing."""
