"""Runs the models in fixed shapes: prompts into slots, steps over all slots, windows. Knows no requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tts_core.engine.sampler import NOISE_BLOCK, NoiseSource, Sampler
from tts_core.engine.shapes import Shapes
from tts_core.engine.shelves import Shelves
from tts_core.models.gpt_sovits.decoding import DecodeInputs, padded_rows
from tts_core.models.gpt_sovits.t2s import T2S
from tts_core.models.gpt_sovits.vocoding import WindowGenerator, WindowInputs, run_windows
from tts_core.sampling_params import SamplingParams

_TOKEN, _POSITION, _AUDIO_POSITION, _STEP, _MAY_END, _LIVE = range(6)


@dataclass(frozen=True)
class Row:
    """A slot's part in a decode step.

    Attributes:
        slot: where the sequence lives.
        token: its latest token.
        position: where in the slot that goes: phones, prompt and tokens before it.
        audio_position: its position among semantic tokens: prompt and tokens before it.
        step: which token is drawn now, counted from 0.
        may_end: whether it may be the end of speech.
    """

    slot: int
    token: int
    position: int
    audio_position: int
    step: int
    may_end: bool


@dataclass(frozen=True)
class Drawn:
    """What came of a row.

    Attributes:
        token: the new token; meaningless if `is_end`.
        is_end: whether speech ends here.
        is_finite: whether the model gave numbers at all.
    """

    token: int
    is_end: bool
    is_finite: bool


class ModelRunner:
    """Owns the cache, the sampler and the buffers that a step reads and writes, all of fixed size.

    Attributes:
        cache: the keys and values of all slots.
        shelves: those of sequences that have no slot for a while.
        sampler: draws their tokens.
        shapes: how sizes are rounded up.
        steps: where a decode step of so many rows and so long a cache was captured, what replays it.
        generator: makes audio of windows; where windows were captured, what replays them.

    Args:
        t2s, generator: the models; never changed.
        num_slots: sequences at once.
        max_len: phones, prompt and tokens of one of them.
        shapes: see above.
        free_value: what is left in freed slots; tests put NaN there, so that a stray read is loud.
        num_shelves: how many sequences can be parked at once.
    """

    def __init__(
        self,
        t2s: T2S,
        generator: WindowGenerator,
        num_slots: int,
        max_len: int,
        shapes: Shapes,
        free_value: float = 0.0,
        num_shelves: int = 0,
    ) -> None:
        self._t2s, self.generator = t2s, generator
        self.shapes, self._free_value = shapes, free_value
        self.num_slots, self.max_len = max(num_slots, shapes.min_rows), max_len
        num_slots = self.num_slots
        self.cache = t2s.new_cache(num_slots, max_len)
        self.shelves = Shelves(self.cache, num_shelves)
        self.sampler = Sampler(t2s.config, num_slots, t2s.device)
        # What a step is given for each slot, here and where it is computed. A slot without a part in a step
        # is computed all the same: it has the token that comes next there, so that whatever the step writes
        # is written again by the slot's own next step.
        self._host = torch.zeros(_LIVE + 1, num_slots, dtype=torch.long, pin_memory=t2s.device.type == "cuda")
        self._given = self._host.to(t2s.device, copy=True)
        self._places = self._host.numpy()  # the same memory, quicker to write to
        self._slots = torch.arange(num_slots, device=t2s.device)
        self._drawn = torch.zeros(3, num_slots, dtype=torch.long, device=t2s.device)
        self._eos = t2s.config.eos
        self.steps: dict[tuple[int, int], Callable[[], None]] = {}
        if free_value:
            self.cache.fill(self._slots, free_value)

    @torch.inference_mode()
    def prefill(self, inputs: DecodeInputs, slot: int, params: SamplingParams, source: NoiseSource) -> Drawn:
        """Read a prompt into a free slot, and draw the first token."""
        self._make_finite(slot)
        self.sampler.start(slot, params, source, inputs.prompt)
        self.sampler.refresh(slot, 0)
        rows = padded_rows(inputs, self.shapes.prompt_len(len(inputs), self.max_len))
        logits = self._t2s.prefill(*rows, self.cache, self._slots[slot : slot + 1])
        self._places[:, slot] = 0
        self._places[_LIVE, slot] = 1
        self._given.copy_(self._host, non_blocking=True)
        self._draw(logits, slot, self._given[:, slot : slot + 1])
        drawn = self._results(slot, 1)[0]
        self._put(slot, drawn.token, len(inputs), len(inputs.prompt))
        return drawn

    @torch.inference_mode()
    def decode(self, rows: Sequence[Row], num_used: int) -> list[Drawn]:
        """Advance `rows`, all within the first `num_used` slots, by one token, in their order."""
        num_rows = self.shapes.num_rows(num_used, self.num_slots)
        kv_len = self.shapes.kv_len(max(row.position for row in rows) + 1, self.max_len)
        self._give(rows, num_rows)
        self.steps.get((num_rows, kv_len), lambda: self.step(num_rows, kv_len))()
        results = self._results(0, num_rows)
        drawn = [results[row.slot] for row in rows]
        for row, result in zip(rows, drawn, strict=True):
            self._put(row.slot, result.token, row.position + 1, row.audio_position + 1)
        return drawn

    def park(self, row: Row, shelf: int) -> None:
        """Copy all that `row`'s next step would read of its slot to a shelf. The slot is left as it is."""
        self.shelves.keep(shelf, row.slot, row.position)
        self._finish_copies()

    @torch.inference_mode()
    def restore(
        self, row: Row, shelf: int, params: SamplingParams, source: NoiseSource, said: Tensor
    ) -> None:
        """Put what was parked into a free slot: whatever `row`'s next step reads is there, to the last bit.

        Args:
            row: as it was parked, but for its slot.
            said: (Y,) tokens of the voice's prompt, and those drawn so far.
        """
        self._make_finite(row.slot)
        self.shelves.give_back(shelf, row.slot, row.position)
        self.sampler.start(row.slot, params, source, said)
        self.sampler.refresh(row.slot, row.step - row.step % NOISE_BLOCK)
        self._put(row.slot, row.token, row.position, row.audio_position)
        self._finish_copies()

    def forget(self, shelf: int) -> None:
        """Let a shelf be used for another sequence."""
        self.shelves.forget(shelf, self._free_value)

    def step(self, num_rows: int, kv_len: int) -> None:
        """Compute one decode step from buffer to buffer; only its shape is an argument."""
        given = self._given[:, :num_rows]
        places = given[_TOKEN], given[_POSITION], given[_AUDIO_POSITION]
        logits = self._t2s.decode_step(*places, self.cache, kv_len)
        self._draw(logits, 0, given)

    def generate(self, windows: Sequence[WindowInputs]) -> list[Tensor]:
        """Return each window's audio, all of one size and no more than `shapes.window_rows`."""
        return run_windows(self.generator, windows, self.shapes.window_rows)

    @torch.inference_mode()
    def clear(self, slot: int, used: int) -> None:
        """Leave nothing of a sequence of `used` positions in its slot."""
        used = self.max_len if self._free_value else self.shapes.prompt_len(used, self.max_len)
        for store in (self.cache.keys, self.cache.values):
            store[:, slot, :, :used] = self._free_value
        self._places[:, slot] = 0

    def _make_finite(self, slot: int) -> None:
        """Prepare a slot for use: what is masked there is multiplied by 0, which NaN would survive."""
        if self._free_value:
            self.cache.fill(self._slots[slot : slot + 1], 0.0)

    def _finish_copies(self) -> None:
        """Wait for the device, so that a fault is told of the operation in which it happened."""
        if self._slots.device.type == "cuda":
            torch.cuda.current_stream(self._slots.device).synchronize()

    def _give(self, rows: Sequence[Row], num_rows: int) -> None:
        self._places[_LIVE] = 0
        for row in rows:
            self.sampler.refresh(row.slot, row.step)
            self._put(row.slot, row.token, row.position, row.audio_position)
            self._places[_STEP, row.slot] = row.step % NOISE_BLOCK
            self._places[_MAY_END, row.slot] = row.may_end
            self._places[_LIVE, row.slot] = 1
        self._given[:, :num_rows].copy_(self._host[:, :num_rows], non_blocking=True)

    def _put(self, slot: int, token: int, position: int, audio_position: int) -> None:
        self._places[_TOKEN, slot] = token
        self._places[_POSITION, slot] = position
        self._places[_AUDIO_POSITION, slot] = audio_position

    def _draw(self, logits: Tensor, first_slot: int, given: Tensor) -> None:
        steps, may_end, live = given[_STEP], given[_MAY_END].bool(), given[_LIVE].bool()
        tokens, greedy = self.sampler.draw(logits, first_slot, steps, may_end, live)
        drawn = self._drawn[:, first_slot : first_slot + logits.shape[0]]
        drawn[0].copy_(tokens)
        drawn[1].copy_((tokens == self._eos) | (greedy == self._eos))
        drawn[2].copy_(logits.isfinite().all(dim=1))

    def _results(self, first_slot: int, count: int) -> list[Drawn]:
        """Fetch what was drawn: the one time that a step waits for the device."""
        tokens, ends, finite = self._drawn[:, first_slot : first_slot + count].tolist()
        return [
            Drawn(token, bool(end), bool(ok)) for token, end, ok in zip(tokens, ends, finite, strict=True)
        ]
