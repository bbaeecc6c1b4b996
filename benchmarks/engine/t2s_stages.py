"""T2S stage by stage: prompts, decode steps, sampling."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.engine.clock import Clock
from benchmarks.engine.measured import TOKENS_PER_S, Measured
from benchmarks.engine.settings import StageSizes
from benchmarks.engine.t2s_work import decode_work, prefill_work
from benchmarks.engine.voices import Sentence
from tts_core.engine.model_runner import ModelRunner, Row
from tts_core.engine.sampler import NOISE_BLOCK, NoiseSource, Sampler
from tts_core.models.gpt_sovits.decoding import DecodeInputs
from tts_core.models.gpt_sovits.t2s import T2S
from tts_core.sampling_params import SamplingParams

PROMPT, DECODE, ENGINE_STEP = "prompt", "decode step", "decode step with sampling"
SAMPLING, SAMPLING_NOISE = "sampling", "noise for 32 draws"
_STEP = 1  # within a block of noise: new noise is measured by itself


class T2SStages:
    """Measures T2S as the engine runs it.

    On a GPU all slots take part in every step, from a graph; the step without sampling is launched kernel by
    kernel.

    Args:
        runner: has a slot for the most rows, and room for the longest sequence.
        sizes: what to measure.
        sentence: gives sizes that are measured in any case.
    """

    def __init__(
        self, t2s: T2S, runner: ModelRunner, clock: Clock, sizes: StageSizes, sentence: Sentence
    ) -> None:
        self._t2s, self._runner, self._clock = t2s, runner, clock
        self._sizes, self._sentence = sizes, sentence
        self._kv_lens = sorted({*sizes.kv_lens, sentence_kv_len(sentence)})

    def measure(self) -> Iterator[Measured]:
        """Yield every stage in every size."""
        for length in self._sizes.prompts:
            yield self._prompt(_inputs(self._t2s, length))
        yield self._prompt(self._sentence.inputs)
        for kv_len in self._kv_lens:
            for rows in self._sizes.rows:
                yield self._decode(rows, kv_len)
                yield self._engine_step(rows, kv_len)
        yield from self._sampling()

    def _prompt(self, inputs: DecodeInputs) -> Measured:
        source, params = NoiseSource(0, 0), SamplingParams()
        timing = self._clock.time(lambda: self._runner.prefill(inputs, 0, params, source))
        work = prefill_work(self._t2s.config, len(inputs.phones), len(inputs.prompt), self._item_bytes)
        return Measured(PROMPT, {"positions": len(inputs)}, timing, work)

    def _decode(self, rows: int, kv_len: int) -> Measured:
        shapes, runner = self._runner.shapes, self._runner
        num_rows, padded = shapes.num_rows(rows, runner.num_slots), shapes.kv_len(kv_len, runner.max_len)
        tokens = torch.zeros(num_rows, dtype=torch.long, device=self._t2s.device)
        positions, audio_positions = tokens + (kv_len - 1), tokens + _STEP
        timing = self._clock.time(
            lambda: self._t2s.decode_step(tokens, positions, audio_positions, runner.cache, padded)
        )
        work = decode_work(self._t2s.config, rows, kv_len, self._item_bytes)
        return Measured(DECODE, {"rows": rows, "positions": kv_len}, timing, work, rows / TOKENS_PER_S, rows)

    def _engine_step(self, rows: int, kv_len: int) -> Measured:
        each = [
            Row(slot=slot, token=0, position=kv_len - 1, audio_position=_STEP, step=_STEP, may_end=False)
            for slot in range(rows)
        ]
        timing = self._clock.time(lambda: self._runner.decode(each, rows))
        sizes = {"rows": rows, "positions": kv_len}
        return Measured(ENGINE_STEP, sizes, timing, None, rows / TOKENS_PER_S, rows)

    def _sampling(self) -> Iterator[Measured]:
        device, num_slots = self._t2s.device, self._runner.num_slots
        sampler = Sampler(self._t2s.config, num_slots, device)
        for slot in range(num_slots):
            sampler.start(slot, SamplingParams(), NoiseSource(slot, 0), self._sentence.inputs.prompt)
        noise = self._clock.time(lambda: sampler.refresh(0, 0))
        logits = torch.randn(num_slots, self._t2s.config.vocab_size, device=device)
        flags = torch.ones(num_slots, dtype=torch.bool, device=device)
        steps = torch.zeros(num_slots, dtype=torch.long, device=device)
        for rows in self._sizes.rows:
            given = logits[:rows], 0, steps[:rows], flags[:rows], flags[:rows]
            timing = self._clock.time(torch.inference_mode()(lambda given=given: sampler.draw(*given)))
            yield Measured(SAMPLING, {"rows": rows}, timing, None, rows / TOKENS_PER_S, rows)
        yield Measured(SAMPLING_NOISE, {"rows": 1}, noise, None, NOISE_BLOCK / TOKENS_PER_S)

    @property
    def _item_bytes(self) -> int:
        return self._t2s.dtype.itemsize


def longest_sequence(sizes: StageSizes, sentence: Sentence) -> int:
    """Return how long a sequence gets at most, in any stage."""
    return max(*sizes.kv_lens, *sizes.prompts, sentence_kv_len(sentence)) + 1


def sentence_kv_len(sentence: Sentence) -> int:
    """Return how many positions a decode step looks at halfway through the sentence."""
    return len(sentence.inputs) + len(sentence.codes) // 2


def _inputs(t2s: T2S, length: int) -> DecodeInputs:
    num_phones = length // 2
    return DecodeInputs(
        phones=torch.zeros(num_phones, dtype=torch.long, device=t2s.device),
        bert=torch.zeros(num_phones, t2s.config.bert_dim, dtype=t2s.dtype, device=t2s.device),
        prompt=torch.zeros(length - num_phones, dtype=torch.long, device=t2s.device),
    )
