"""Finds out, before anyone listens, what two numbers of threads compute alike on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.operations import Decode, Vocode
from tts_core.engine.rows import Trial
from tts_core.engine.threads import agree
from tts_core.engine.warm_up import noise_windows
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.vocoding import WindowInputs

_log = logging.getLogger(__name__)

_LONG = 512
"""Positions: a sentence of 10 s with its voice's prompt."""

Shareable = type[Decode] | type[Vocode]


@torch.inference_mode()
def proven_shared(model: LoadedModel, runner: ModelRunner, few: int, many: int) -> frozenset[Shareable]:
    """Return the operations that `many` threads may share, no bit of which that changes.

    Of steps every number of rows is tried with a short past, and the smallest with a long one, where as much
    of the cache is read as can be; of windows every size. Other operations have too many shapes. All slots
    are cleared afterwards.
    """
    if many == few:
        return frozenset()
    trials: dict[Shareable, Iterator[Callable[[], Tensor]]] = {
        Decode: _steps(model, runner),
        Vocode: _windows(model, runner),
    }
    shared = {kind for kind, trial in trials.items() if all(agree(compute, few, many) for compute in trial)}
    for slot in range(runner.num_slots):
        runner.clear(slot, runner.max_len - 1)
    names = " and ".join(kind.name for kind in trials if kind in shared) or "nothing"
    _log.info("%d threads give the same bits as %d in %s", many, few, names)
    return frozenset(shared)


def _steps(model: LoadedModel, runner: ModelRunner) -> Iterator[Callable[[], Tensor]]:
    fewest, max_len = runner.shapes.num_rows(1, runner.num_slots), runner.max_len
    step = Trial(model.t2s, runner.cache, runner.shapes.kv_len(1, max_len)).step
    for num_rows in range(fewest, runner.num_slots + 1):
        yield partial(step, num_rows)
    # What reads no further than its own position must have come far.
    yield partial(Trial(model.t2s, runner.cache, min(_LONG, max_len)).step, fewest, max_len)


def _windows(model: LoadedModel, runner: ModelRunner) -> Iterator[Callable[[], Tensor]]:
    for windows in noise_windows(model, runner):
        yield partial(_generate, runner, windows)


def _generate(runner: ModelRunner, windows: list[WindowInputs]) -> Tensor:
    return torch.cat(runner.generate(windows))
