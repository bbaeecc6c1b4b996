"""Sequences on their way through a model runner, which know what they must come to."""

from __future__ import annotations

import math
from functools import lru_cache

import torch

from tts_core.engine.model_runner import Drawn, ModelRunner, Row
from tts_core.engine.sampler import NoiseSource
from tts_core.engine.shapes import Shapes
from tts_core.models.gpt_sovits.decoding import DecodeInputs, TokenDecoder
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.t2s import T2S
from tts_core.sampling_params import SamplingParams

MAX_LEN = 192
NUM_SLOTS = 4
LONG = SamplingParams(ignore_eos=True, max_tokens=70)


class Speaker:
    """A sequence on its way through a runner; says what it must come to.

    Attributes:
        codes: its tokens so far.
        is_done: whether speech has ended.
    """

    def __init__(self, t2s: T2S, seed: int, params: SamplingParams = LONG) -> None:
        self.inputs = _inputs(seed)
        self.params, self.source = params, _source(seed)
        self.codes: list[int] = []
        self.is_done = False
        self.slot = -1
        self._t2s = t2s

    @property
    def position(self) -> int:
        """Where its next token goes."""
        return len(self.inputs) + len(self.codes) - 1

    def alone(self) -> list[int]:
        """Return its tokens, drawn without any runner."""
        return list(_alone(self._t2s, self.source.seed, self.params))

    def enter(self, runner: ModelRunner, slot: int) -> Drawn:
        self.slot = slot
        drawn = runner.prefill(self.inputs, slot, self.params, self.source)
        self.take(drawn)
        return drawn

    def leave(self, runner: ModelRunner) -> None:
        runner.clear(self.slot, len(self.inputs) + len(self.codes) + 1)

    def park(self, runner: ModelRunner, shelf: int) -> None:
        """Leave for a shelf."""
        runner.park(self.row(), shelf)
        self.leave(runner)
        self.slot = -1

    def come_back(self, runner: ModelRunner, shelf: int, slot: int) -> None:
        """Go on in another slot, or the same."""
        self.slot = slot
        prompt = self.inputs.prompt
        said = torch.cat((prompt, prompt.new_tensor(self.codes)))
        runner.restore(self.row(), shelf, self.params, self.source, said)
        runner.forget(shelf)

    def row(self) -> Row:
        num_codes = len(self.codes)
        return Row(
            slot=self.slot,
            token=self.codes[-1],
            position=self.position,
            audio_position=len(self.inputs.prompt) + num_codes - 1,
            step=num_codes,
            may_end=not self.params.ignore_eos and num_codes >= self.params.min_tokens,
        )

    def take(self, drawn: Drawn) -> None:
        if not drawn.is_end:
            self.codes.append(drawn.token)
        self.is_done = drawn.is_end or len(self.codes) == self.params.max_tokens


def _inputs(seed: int) -> DecodeInputs:
    draw = torch.Generator().manual_seed(seed)
    num_phones, num_prompt = 8 + seed * 7 % 40, seed * 13 % 60
    return DecodeInputs(
        phones=torch.randint(1, 300, (num_phones,), generator=draw),
        bert=torch.randn(num_phones, 1024, generator=draw),
        prompt=torch.randint(0, 1024, (num_prompt,), generator=draw),
    )


def _source(seed: int) -> NoiseSource:
    return NoiseSource(seed, seed % 3)


@lru_cache
def _alone(t2s: T2S, seed: int, params: SamplingParams) -> tuple[int, ...]:
    """Kept: the same few speak in most tests."""
    return tuple(TokenDecoder(t2s, MAX_LEN).decode(_inputs(seed), params, seed, _source(seed).segment))


def advance(runner: ModelRunner, *speakers: Speaker) -> list[Drawn]:
    """Advance all of them by one token."""
    drawn = runner.decode([one.row() for one in speakers], 1 + max(one.slot for one in speakers))
    for one, result in zip(speakers, drawn, strict=True):
        one.take(result)
    return drawn


def finish(runner: ModelRunner, *speakers: Speaker) -> None:
    while going := [one for one in speakers if not one.is_done]:
        advance(runner, *going)


def new_runner(model: LoadedModel, free_value: float = math.nan, num_shelves: int = 0) -> ModelRunner:
    """Return a runner whose free slots are poisoned, unless another value is given."""
    models = model.t2s, model.sovits.generator
    return ModelRunner(*models, NUM_SLOTS, MAX_LEN, Shapes(), free_value, num_shelves)
