"""Drawing for all slots at once: each row as if it were alone, and nothing of it left for the next one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from tts_core.engine.sampler import NOISE_BLOCK, NoiseSource, Sampler
from tts_core.models.gpt_sovits.config import T2SConfig
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.noise import Purpose, exponential, seed_word
from tts_core.models.gpt_sovits.sampling import SamplingTensors, sample
from tts_core.sampling_params import SamplingParams

NUM_SLOTS = 5
CPU = torch.device("cpu")


@dataclass
class Row:
    """One sequence's settings, and what it would draw alone."""

    params: SamplingParams
    source: NoiseSource
    prompt: Tensor
    eos: int
    may_end: bool = True

    def __post_init__(self) -> None:
        self.seen: set[int] = set(self.prompt.tolist())

    def draw(self, logits: Tensor, step: int) -> tuple[int, int]:
        """Return the token and the likeliest one, computed for this row only."""
        vocab = len(logits)
        seen = torch.zeros(1, vocab, dtype=torch.bool)
        seen[0, list(self.seen)] = True
        settings = SamplingTensors(
            top_k=torch.tensor([self.params.top_k]),
            top_p=torch.tensor([self.params.top_p]),
            temperature=torch.tensor([self.params.temperature]),
            repetition_penalty=torch.tensor([self.params.repetition_penalty]),
        )
        seed, segment = torch.tensor([[seed_word(self.source.seed)], [self.source.segment]])
        noise = exponential(seed, segment, Purpose.SAMPLE, torch.tensor([step]), vocab)
        drawn = sample(logits[None], seen, noise, settings, self.eos, torch.tensor([self.may_end]))
        self.seen.add(int(drawn.tokens))
        return int(drawn.tokens), int(drawn.greedy)


@pytest.fixture(scope="module")
def config(model: LoadedModel) -> T2SConfig:
    return model.t2s.config


def new_rows(config: T2SConfig) -> list[Row]:
    draw = torch.Generator().manual_seed(1)
    settings = [
        SamplingParams(),
        SamplingParams(top_k=1),
        SamplingParams(top_p=0.6, temperature=1.7, top_k=200),
        SamplingParams(temperature=0.0, repetition_penalty=5.0),
        SamplingParams(top_k=1025, repetition_penalty=1.0),
    ]
    return [
        Row(
            params,
            NoiseSource(seed=slot * 1_000_003 - 7, segment=slot),
            torch.randint(0, 1024, (4 * slot,), generator=draw),
            config.eos,
            may_end=slot % 2 == 0,
        )
        for slot, params in enumerate(settings)
    ]


def new_logits(config: T2SConfig, seed: int) -> Tensor:
    return 4 * torch.randn(NUM_SLOTS, config.vocab_size, generator=torch.Generator().manual_seed(seed))


def started(config: T2SConfig, rows: list[Row]) -> Sampler:
    sampler = Sampler(config, NUM_SLOTS, CPU)
    for slot, row in enumerate(rows):
        sampler.start(slot, row.params, row.source, row.prompt)
    return sampler


def draw(
    sampler: Sampler, rows: list[Row], logits: Tensor, steps: list[int], live: list[bool]
) -> list[tuple[int, int]]:
    for slot, step in enumerate(steps):
        if live[slot]:
            sampler.refresh(slot, step)
    places = torch.tensor([step % NOISE_BLOCK for step in steps])
    may_end = torch.tensor([row.may_end for row in rows])
    tokens, greedy = sampler.draw(logits, 0, places, may_end, torch.tensor(live))
    return list(zip(tokens.tolist(), greedy.tolist(), strict=True))


def test_every_row_draws_what_it_would_draw_alone(config: T2SConfig) -> None:
    rows, steps = new_rows(config), [0] * NUM_SLOTS
    sampler = started(config, rows)
    for turn in range(2 * NOISE_BLOCK + 3):
        live = [(turn + slot) % (slot + 2) != 0 for slot in range(NUM_SLOTS)]
        logits = new_logits(config, turn)
        drawn = draw(sampler, rows, logits, steps, live)
        for slot, row in enumerate(rows):
            if live[slot]:
                assert drawn[slot] == row.draw(logits[slot], steps[slot])
                steps[slot] += 1
    assert max(steps) > NOISE_BLOCK


def test_rows_have_their_own_noise(config: T2SConfig) -> None:
    rows = new_rows(config)
    for row in rows:
        row.params, row.prompt, row.may_end = SamplingParams(top_k=1025), rows[0].prompt, True
    sampler, flat = started(config, rows), torch.zeros(NUM_SLOTS, config.vocab_size)
    tokens = {token for token, _ in draw(sampler, rows, flat, [0] * NUM_SLOTS, [True] * NUM_SLOTS)}
    assert len(tokens) == NUM_SLOTS


def test_a_row_without_a_part_leaves_no_trace(config: T2SConfig) -> None:
    rows = new_rows(config)
    sampler, logits = started(config, rows), new_logits(config, 3)
    live = [slot != 2 for slot in range(NUM_SLOTS)]
    for _ in range(3):
        draw(sampler, rows, logits, [0] * NUM_SLOTS, live)
    again = draw(sampler, rows, logits, [0] * NUM_SLOTS, [True] * NUM_SLOTS)
    assert again[2] == rows[2].draw(logits[2], 0)


def test_a_new_sequence_draws_as_if_its_slot_were_new(config: T2SConfig) -> None:
    rows, later = new_rows(config), new_rows(config)[::-1]
    sampler, logits = started(config, rows), new_logits(config, 4)
    for step in range(5):
        draw(sampler, rows, logits, [step] * NUM_SLOTS, [True] * NUM_SLOTS)
    for slot, row in enumerate(later):
        sampler.start(slot, row.params, row.source, row.prompt)
    drawn = draw(sampler, later, logits, [0] * NUM_SLOTS, [True] * NUM_SLOTS)
    assert drawn == [row.draw(logits[slot], 0) for slot, row in enumerate(later)]


def test_a_single_row_may_lie_in_any_slot(config: T2SConfig) -> None:
    logits = new_logits(config, 5) / 16  # nearly flat, so that every setting shows
    for slot in range(NUM_SLOTS):
        row = new_rows(config)[2]
        sampler = Sampler(config, NUM_SLOTS, CPU)
        sampler.start(slot, row.params, row.source, row.prompt)
        sampler.refresh(slot, 0)
        truth = torch.ones(1, dtype=torch.bool)
        tokens, greedy = sampler.draw(logits[:1], slot, torch.zeros(1, dtype=torch.long), truth, truth)
        assert (int(tokens), int(greedy)) == row.draw(logits[0], 0)
