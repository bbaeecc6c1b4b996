"""Draws tokens for all slots at once, each from its own settings, history and noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.config import T2SConfig
from tts_core.models.gpt_sovits.noise import TAKE_STEPS, Purpose, exponential, seed_word
from tts_core.models.gpt_sovits.sampling import SamplingTensors, sample
from tts_core.sampling_params import SamplingParams

NOISE_BLOCK = 32
"""Steps whose noise is computed at once."""


@dataclass(frozen=True)
class NoiseSource:
    """Where a sequence's noise comes from: the request's seed, the segment's index, and which take it is."""

    seed: int
    segment: int
    take: int = 0


class Sampler:
    """Holds what each slot's draws depend on. Everything is allocated once.

    Attributes:
        make_noise: computes a block of noise from buffer to buffer; where a graph of it was captured, that is
            replayed instead.

    Args:
        config: of the model whose tokens are drawn.
        num_slots: rows.
        device: where logits come from.
    """

    def __init__(self, config: T2SConfig, num_slots: int, device: torch.device) -> None:
        vocab = config.vocab_size
        self._eos, self._vocab, self._device = config.eos, vocab, device
        self._seen = torch.zeros(num_slots, vocab, dtype=torch.bool, device=device)
        self._noise = torch.ones(num_slots, NOISE_BLOCK, vocab, device=device)
        self._settings = SamplingTensors(
            top_k=torch.ones(num_slots, dtype=torch.long, device=device),
            top_p=torch.ones(num_slots, device=device),
            temperature=torch.ones(num_slots, device=device),
            repetition_penalty=torch.ones(num_slots, device=device),
        )
        self._sources: list[NoiseSource | None] = [None] * num_slots
        self._steps = torch.arange(NOISE_BLOCK, device=device)
        # What a block of noise is made from, and the block: seeds, segments, steps.
        self._origin = torch.zeros(3, NOISE_BLOCK, dtype=torch.long, device=device)
        self._block = torch.ones(NOISE_BLOCK, vocab, device=device)
        self.make_noise: Callable[[], None] = self.compute_noise
        self._rows = torch.arange(num_slots, device=device)

    def start(self, slot: int, params: SamplingParams, source: NoiseSource, prompt: Tensor) -> None:
        """Prepare a slot for a sequence whose voice has said `prompt` (Y,)."""
        settings = self._settings
        # Filled in place: a GPU is sent a number assigned to one element as a copy, and waited for.
        settings.top_k[slot].fill_(params.top_k)
        settings.top_p[slot].fill_(params.top_p)
        settings.temperature[slot].fill_(params.temperature)
        settings.repetition_penalty[slot].fill_(params.repetition_penalty)
        self._seen[slot] = False
        self._seen[slot].index_fill_(0, prompt, value=True)
        self._sources[slot] = source

    def refresh(self, slot: int, step: int) -> None:
        """Compute a slot's noise from `step` on, if a new block begins with it.

        Always in the same shape, whoever else draws: a function of the slot's own source and the step alone.
        """
        source = self._sources[slot]
        if step % NOISE_BLOCK or source is None:
            return
        self._origin[0].fill_(seed_word(source.seed))
        self._origin[1].fill_(source.segment)
        torch.add(self._steps, source.take * TAKE_STEPS + step, out=self._origin[2])
        self.make_noise()
        self._noise[slot].copy_(self._block)

    def compute_noise(self) -> None:
        """Compute the block of noise that was asked for. No argument, so that it can be captured."""
        seeds, segments, steps = self._origin
        self._block.copy_(exponential(seeds, segments, Purpose.SAMPLE, steps, self._vocab))

    def draw(
        self, logits: Tensor, first_slot: int, steps: Tensor, may_end: Tensor, live: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Draw a token for each row of `logits` (rows, vocab), the first of which is of `first_slot`.

        Args:
            steps: (rows,) each row's step within its block of noise.
            may_end: (rows,) bool, whether speech may end here.
            live: (rows,) bool; other rows' tokens mean nothing, and leave no trace.

        Returns:
            the tokens as drawn, and the likeliest ones: (rows,) each. Either may be the end of speech.
        """
        last_slot = first_slot + logits.shape[0]
        rows, slots = self._rows[: logits.shape[0]], slice(first_slot, last_slot)
        seen, settings = self._seen[slots], self._settings
        own = SamplingTensors(
            top_k=settings.top_k[slots],
            top_p=settings.top_p[slots],
            temperature=settings.temperature[slots],
            repetition_penalty=settings.repetition_penalty[slots],
        )
        noise = self._noise[slots][rows, steps]
        drawn = sample(logits, seen, noise, own, self._eos, may_end)
        column = drawn.tokens.unsqueeze(1)
        seen.scatter_(1, column, seen.gather(1, column) | live.unsqueeze(1))
        return drawn.tokens, drawn.greedy
