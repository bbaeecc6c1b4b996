"""T2S in slots: every sequence's tokens are those of a decoder that has nobody else."""

from __future__ import annotations

import gc
import math
import random
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from tests.unit.engine.speaker import LONG, MAX_LEN, NUM_SLOTS, Speaker, advance, finish, new_runner
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.shapes import Shapes
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.sampling_params import SamplingParams


def contents(runner: ModelRunner, slot: int, length: int = MAX_LEN) -> Tensor:
    """Return a copy of the keys and values of a slot's first positions."""
    return torch.stack((runner.cache.keys[:, slot, :, :length], runner.cache.values[:, slot, :, :length]))


@pytest.fixture
def runner(model: LoadedModel) -> ModelRunner:
    return new_runner(model)


@pytest.fixture(scope="module")
def speak(model: LoadedModel) -> Callable[..., Speaker]:
    return lambda seed, params=LONG: Speaker(model.t2s, seed, params)


Speak = Callable[..., Speaker]


# Tokens


@pytest.mark.parametrize("slot", range(NUM_SLOTS))
def test_tokens_are_the_decoders_in_any_slot(slot: int, runner: ModelRunner, speak: Speak) -> None:
    speaker = speak(5)
    speaker.enter(runner, slot)
    finish(runner, speaker)
    assert speaker.codes == speaker.alone()


@pytest.mark.parametrize(
    "params",
    [
        SamplingParams(),
        SamplingParams(top_k=1, min_tokens=1),
        SamplingParams(top_p=0.7, temperature=1.5, repetition_penalty=2.0, max_tokens=40),
        SamplingParams(ignore_eos=True, min_tokens=1, max_tokens=1),
        SamplingParams(ignore_eos=True, min_tokens=1, max_tokens=2),
    ],
)
def test_tokens_are_the_decoders_with_any_settings(
    params: SamplingParams, runner: ModelRunner, speak: Speak
) -> None:
    short = SamplingParams(**{**vars(params), "max_tokens": min(params.max_tokens, 60)})
    speaker, neighbour = speak(3, short), speak(4)
    neighbour.enter(runner, 0)
    speaker.enter(runner, 1)
    finish(runner, speaker, neighbour)
    assert (speaker.codes, neighbour.codes) == (speaker.alone(), neighbour.alone())


def test_neighbours_at_other_steps_change_nothing(runner: ModelRunner, speak: Speak) -> None:
    speakers = [speak(seed) for seed in range(NUM_SLOTS)]
    for slot, speaker in enumerate(speakers):
        speaker.enter(runner, slot)
        for _ in range(5 * slot + 1):
            advance(runner, *speakers[: slot + 1])
    finish(runner, *speakers)
    assert [one.codes for one in speakers] == [one.alone() for one in speakers]


def test_results_come_in_the_order_of_the_rows(runner: ModelRunner, speak: Speak) -> None:
    speakers = [speak(seed) for seed in range(NUM_SLOTS)]
    for speaker, slot in zip(speakers, (2, 0, 3, 1), strict=True):
        speaker.enter(runner, slot)
    finish(runner, *speakers)
    assert [one.codes for one in speakers] == [one.alone() for one in speakers]


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_who_come_go_and_pause_change_nothing(
    seed: int, runner: ModelRunner, speak: Speak
) -> None:
    chance, speakers = random.Random(seed), iter(speak(number) for number in range(14))
    here: dict[int, Speaker] = {}
    gone: list[Speaker] = []
    while (newcomer := _next(here, speakers, chance)) or here:
        if newcomer is not None:
            slot = chance.choice([slot for slot in range(NUM_SLOTS) if slot not in here])
            newcomer.enter(runner, slot)
            here[slot] = newcomer
        for _ in range(chance.randrange(12)):
            if going := [one for one in here.values() if not one.is_done and chance.random() < 0.7]:
                advance(runner, *going)
        for slot, one in list(here.items()):
            if one.is_done or chance.random() < 0.03:
                gone.append(here.pop(slot))
                one.leave(runner)
    assert len(gone) == 14
    assert all(one.alone()[: len(one.codes)] == one.codes for one in gone)
    assert any(one.is_done for one in gone)


def _next(here: dict[int, Speaker], speakers: Iterator[Speaker], chance: random.Random) -> Speaker | None:
    return next(speakers, None) if not here or (len(here) < NUM_SLOTS and chance.random() < 0.4) else None


# Pauses


@pytest.mark.parametrize("num_others", [1, 3])
def test_a_paused_slot_is_left_as_it_is(num_others: int, runner: ModelRunner, speak: Speak) -> None:
    paused, others = speak(9), [speak(seed) for seed in range(num_others)]
    paused.enter(runner, 0)
    for _ in range(10):
        advance(runner, paused)
    before, length = contents(runner, 0, paused.position), paused.position
    for slot, other in enumerate(others, 1):
        other.enter(runner, slot)
    finish(runner, *others)
    assert torch.equal(contents(runner, 0, length), before)
    finish(runner, paused)
    assert paused.codes == paused.alone()


def test_a_pause_right_after_the_prompt_changes_nothing(runner: ModelRunner, speak: Speak) -> None:
    paused, other = speak(9), speak(1)
    paused.enter(runner, 0)
    other.enter(runner, 1)
    before = contents(runner, 0, len(paused.inputs))
    finish(runner, other)
    assert torch.equal(contents(runner, 0, len(paused.inputs)), before)
    finish(runner, paused)
    assert paused.codes == paused.alone()


def test_a_pause_beyond_what_others_read_of_the_cache_changes_nothing(
    runner: ModelRunner, speak: Speak
) -> None:
    """The others' steps read the first 64 positions; the paused one has more than 128."""
    paused, other = speak(9), speak(0, SamplingParams(ignore_eos=True, max_tokens=40))
    paused.enter(runner, 0)
    while paused.position < 130:
        advance(runner, paused)
    before, length = contents(runner, 0, paused.position), paused.position
    other.enter(runner, 1)
    finish(runner, other)
    assert other.position < 64
    assert torch.equal(contents(runner, 0, length), before)
    finish(runner, paused)
    assert paused.codes == paused.alone()


def test_a_prompt_that_is_read_touches_no_other_slot(runner: ModelRunner, speak: Speak) -> None:
    first, second = speak(1), speak(2)
    first.enter(runner, 1)
    advance(runner, first)
    before = contents(runner, 1)
    second.enter(runner, 0)
    assert torch.equal(contents(runner, 1), before)
    assert contents(runner, 2).isnan().all()


# What is left


@pytest.mark.parametrize("free_value", [0.0, math.nan])
@pytest.mark.parametrize("num_steps", [0, 1, 40])
def test_clearing_leaves_nothing(free_value: float, num_steps: int, model: LoadedModel, speak: Speak) -> None:
    runner = new_runner(model, free_value)
    before = contents(runner, 1)
    speaker = speak(9)
    speaker.enter(runner, 1)
    for _ in range(num_steps):
        advance(runner, speaker)
    assert not torch.equal(contents(runner, 1), before)
    speaker.leave(runner)
    assert torch.equal(contents(runner, 1).isnan(), before.isnan())
    assert torch.equal(contents(runner, 1).nan_to_num(), before.nan_to_num())


def test_clearing_touches_no_other_slot(runner: ModelRunner, speak: Speak) -> None:
    stays, leaves = speak(1), speak(2)
    stays.enter(runner, 0)
    leaves.enter(runner, 1)
    advance(runner, stays, leaves)
    before = contents(runner, 0)
    leaves.leave(runner)
    assert torch.equal(contents(runner, 0), before)
    finish(runner, stays)
    assert stays.codes == stays.alone()


def test_the_next_one_in_a_slot_finds_nothing_there(runner: ModelRunner, speak: Speak) -> None:
    earlier = speak(8)
    earlier.enter(runner, 0)
    finish(runner, earlier)
    earlier.leave(runner)
    for seed in (2, 8):
        later = speak(seed)
        later.enter(runner, 0)
        finish(runner, later)
        later.leave(runner)
        assert later.codes == later.alone()


# Numbers that aren't


def test_logits_that_are_not_finite_are_told_of_their_row_alone(runner: ModelRunner, speak: Speak) -> None:
    speakers = [speak(seed) for seed in range(3)]
    for slot, speaker in enumerate(speakers):
        assert speaker.enter(runner, slot).is_finite
    runner.cache.values[0, 1, 0, 0] = math.nan
    drawn = advance(runner, *speakers)
    assert [one.is_finite for one in drawn] == [True, False, True]
    speakers[1].leave(runner)
    others = speakers[0], speakers[2]
    finish(runner, *others)
    assert [one.codes for one in others] == [one.alone() for one in others]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_one_logit_suffices(value: float, runner: ModelRunner, model: LoadedModel, speak: Speak) -> None:
    original = model.t2s.decode_step

    def broken(*inputs: Any) -> Tensor:
        logits: Tensor = original(*inputs)
        logits[0, 7] = value
        return logits

    speakers = [speak(seed) for seed in range(2)]
    for slot, speaker in enumerate(speakers):
        speaker.enter(runner, slot)
    with patch.object(model.t2s, "decode_step", broken):
        assert [one.is_finite for one in advance(runner, *speakers)] == [False, True]


def test_a_prompt_that_gives_no_numbers_is_told(runner: ModelRunner, speak: Speak) -> None:
    speaker = speak(1)
    speaker.inputs.bert[0, 0] = math.nan
    assert not speaker.enter(runner, 0).is_finite
    speaker.leave(runner)
    later = speak(2)
    later.enter(runner, 0)
    finish(runner, later)
    assert later.codes == later.alone()


# Shapes and memory


def test_a_step_runs_over_no_more_rows_than_are_used(
    runner: ModelRunner, model: LoadedModel, speak: Speak
) -> None:
    shapes: list[tuple[int, int]] = []
    original = model.t2s.decode_step

    def spy(tokens: Tensor, positions: Tensor, audio_positions: Tensor, cache: Any, kv_len: int) -> Tensor:
        shapes.append((len(tokens), kv_len))
        return original(tokens, positions, audio_positions, cache, kv_len)

    low, high = speak(0), speak(9)
    with patch.object(model.t2s, "decode_step", spy):
        low.enter(runner, 0)
        advance(runner, low)
        high.enter(runner, 2)
        advance(runner, high)
    kv_len = -(-high.position // 64) * 64
    assert shapes == [(Shapes().min_rows, 64), (3, kv_len)]


def test_steps_take_no_more_and_more_memory(runner: ModelRunner, speak: Speak) -> None:
    speakers = [speak(seed, SamplingParams(ignore_eos=True, max_tokens=80)) for seed in range(2)]
    for slot, speaker in enumerate(speakers):
        speaker.enter(runner, slot)

    def used() -> tuple[int, int]:
        gc.collect()
        tensors = sum(issubclass(type(one), Tensor) for one in gc.get_objects())
        return tensors, tracemalloc.get_traced_memory()[0]

    for _ in range(5):
        advance(runner, *speakers)
    tracemalloc.start()
    try:
        for _ in range(5):
            advance(runner, *speakers)
        tensors, traced = used()
        for _ in range(60):
            advance(runner, *speakers)
        tensors_after, traced_after = used()
    finally:
        tracemalloc.stop()
    assert tensors_after == tensors
    assert traced_after - traced < 20_000
