"""Sequences that leave their slot and come back: to any other one, with the same bits."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.unit.engine.speaker import LONG, MAX_LEN, NUM_SLOTS, Speaker, advance, finish, new_runner
from tests.unit.engine.test_graphs import ALL_ROWS, CUDA, FakeRecorder, gpu_speaker, needs_gpu
from tts_core.engine.graphs import CudaRecorder, record_runner
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.sampler import NOISE_BLOCK
from tts_core.engine.shapes import Shapes
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.weights import WeightsPaths
from tts_core.sampling_params import SamplingParams

NUM_SHELVES = 3


@pytest.fixture
def runner(model: LoadedModel) -> ModelRunner:
    return new_runner(model, num_shelves=NUM_SHELVES)


@pytest.fixture(scope="module")
def speak(model: LoadedModel) -> Callable[..., Speaker]:
    return lambda seed, params=LONG: Speaker(model.t2s, seed, params)


Speak = Callable[..., Speaker]


def slot_of(runner: ModelRunner, slot: int) -> Tensor:
    """Return a copy of the keys and values of a slot."""
    return torch.stack((runner.cache.keys[:, slot], runner.cache.values[:, slot]))


def with_tokens(speaker: Speaker, runner: ModelRunner, slot: int, num_codes: int) -> Speaker:
    """Let a speaker into a slot, and draw so many tokens."""
    speaker.enter(runner, slot)
    while len(speaker.codes) < num_codes:
        advance(runner, speaker)
    return speaker


# Tokens


@pytest.mark.parametrize("slot", range(NUM_SLOTS))
@pytest.mark.parametrize("num_codes", [1, 2, NOISE_BLOCK - 1, NOISE_BLOCK, NOISE_BLOCK + 1, 50])
def test_whoever_comes_back_says_what_they_would_have_said(
    num_codes: int, slot: int, runner: ModelRunner, speak: Speak
) -> None:
    speaker = with_tokens(speak(9), runner, 1, num_codes)
    speaker.park(runner, 2)
    borrower = speak(4)
    borrower.enter(runner, 1)
    finish(runner, borrower)
    borrower.leave(runner)
    speaker.come_back(runner, 2, slot)
    finish(runner, speaker)
    assert speaker.codes == speaker.alone()
    assert borrower.codes == borrower.alone()


@pytest.mark.parametrize(
    "params",
    [
        SamplingParams(ignore_eos=True, repetition_penalty=2.0, temperature=0.3, max_tokens=60),
        SamplingParams(top_p=0.7, temperature=1.5, top_k=300, max_tokens=60),
        SamplingParams(top_k=1, min_tokens=30, max_tokens=60),
    ],
)
def test_they_keep_their_settings_and_what_they_have_said(
    params: SamplingParams, runner: ModelRunner, speak: Speak
) -> None:
    speaker, other = with_tokens(speak(3, params), runner, 0, 10), speak(8)
    speaker.park(runner, 0)
    other.enter(runner, 0)
    advance(runner, other)
    speaker.come_back(runner, 0, 1)
    finish(runner, speaker, other)
    assert (speaker.codes, other.codes) == (speaker.alone(), other.alone())


def test_what_comes_back_is_what_was_there(runner: ModelRunner, speak: Speak) -> None:
    speaker = with_tokens(speak(9), runner, 0, 40)
    length = speaker.position
    before = slot_of(runner, 0)[..., :length, :]
    speaker.park(runner, 1)
    assert slot_of(runner, 0)[..., 1:, :].isnan().all()
    speaker.come_back(runner, 1, 3)
    after = slot_of(runner, 3)
    assert torch.equal(after[..., :length, :], before)
    assert not after[..., length:, :].any()


def test_a_pause_after_coming_back_changes_nothing(runner: ModelRunner, speak: Speak) -> None:
    """Rows without a part in a step are computed all the same: what they write must be their own next one."""
    speaker, other = with_tokens(speak(9), runner, 0, 20), speak(2)
    speaker.park(runner, 0)
    other.enter(runner, 1)
    speaker.come_back(runner, 0, 0)
    finish(runner, other)
    finish(runner, speaker)
    assert (speaker.codes, other.codes) == (speaker.alone(), other.alone())


class Room:
    """Speakers in slots and on shelves, who change places by chance."""

    def __init__(self, runner: ModelRunner, speakers: list[Speaker], chance: random.Random) -> None:
        self._runner, self._chance = runner, chance
        self._coming, self._here = speakers, dict[int, Speaker]()
        self._away: dict[int, Speaker] = {}
        self.num_parked = 0

    def run(self) -> None:
        """Let everyone speak to their end."""
        while self._coming or self._here or self._away:
            self._chance.choice((self._enter, self._leave, self._advance, self._advance))()

    def _enter(self) -> None:
        slot = self._chance.choice([slot for slot in range(NUM_SLOTS) if slot not in self._here] or [None])
        if slot is None:
            return
        if self._away and (not self._coming or self._chance.random() < 0.6):
            shelf = self._chance.choice(list(self._away))
            self._here[slot] = self._away.pop(shelf)
            self._here[slot].come_back(self._runner, shelf, slot)
        elif self._coming:
            self._here[slot] = self._coming.pop()
            self._here[slot].enter(self._runner, slot)

    def _leave(self) -> None:
        free = [shelf for shelf in range(NUM_SHELVES) if shelf not in self._away]
        if self._here and free:
            shelf, slot = self._chance.choice(free), self._chance.choice(list(self._here))
            self._away[shelf] = self._here.pop(slot)
            self._away[shelf].park(self._runner, shelf)
            self.num_parked += 1

    def _advance(self) -> None:
        here = list(self._here.values())
        for _ in range(self._chance.randrange(12) if here else 0):
            if going := [one for one in here if not one.is_done and self._chance.random() < 0.7]:
                advance(self._runner, *going)
        for slot, one in list(self._here.items()):
            if one.is_done:
                self._here.pop(slot).leave(self._runner)


@pytest.mark.parametrize("free_value", [0.0, math.nan])
@pytest.mark.parametrize("seed", range(2))
def test_many_who_change_places_all_the_time_say_their_own(
    seed: int, free_value: float, model: LoadedModel, speak: Speak
) -> None:
    speakers = [speak(number) for number in range(8)]
    room = Room(new_runner(model, free_value, NUM_SHELVES), [*speakers], random.Random(seed))
    room.run()
    assert [one.codes for one in speakers] == [one.alone() for one in speakers]
    assert room.num_parked > 10


# Shelves


def test_shelves_do_not_touch(runner: ModelRunner, speak: Speak) -> None:
    speakers = [with_tokens(speak(seed), runner, slot, 5 + seed) for slot, seed in enumerate((3, 8, 5))]
    for shelf, speaker in enumerate(speakers):
        speaker.park(runner, shelf)
    for speaker, shelf, slot in zip(speakers, range(3), (2, 0, 1), strict=True):
        speaker.come_back(runner, shelf, slot)
    finish(runner, *speakers)
    assert [one.codes for one in speakers] == [one.alone() for one in speakers]


def test_a_shelf_that_was_left_is_poisoned(runner: ModelRunner, speak: Speak) -> None:
    with_tokens(speak(9), runner, 0, 5).park(runner, 1)
    assert not runner.shelves._store[1].isnan().any()
    runner.forget(1)
    assert runner.shelves._store[1].isnan().all()
    assert not runner.shelves._store[0].isnan().any()


def test_nothing_stays_on_a_shelf_that_was_left(model: LoadedModel, speak: Speak) -> None:
    runner = new_runner(model, 0.0, NUM_SHELVES)
    for shelf in range(NUM_SHELVES):
        with_tokens(speak(9), runner, shelf, 5).park(runner, shelf)
    before = runner.shelves._store.clone()
    runner.forget(1)
    assert not runner.shelves._store[1].any()
    assert before[[0, 2]].any(dim=1).all()
    assert torch.equal(runner.shelves._store[[0, 2]], before[[0, 2]])


def test_the_longest_sequence_fits(runner: ModelRunner) -> None:
    runner.cache.keys[:, 0] = torch.randn_like(runner.cache.keys[:, 0])
    runner.cache.values[:, 0] = torch.randn_like(runner.cache.values[:, 0])
    before = slot_of(runner, 0)
    runner.shelves.keep(2, 0, MAX_LEN)
    runner.clear(0, MAX_LEN)
    runner.shelves.give_back(2, 0, MAX_LEN)
    assert torch.equal(slot_of(runner, 0), before)


def test_without_shelves_there_is_no_memory_for_them(model: LoadedModel) -> None:
    assert new_runner(model).shelves._store.nbytes == 0


# Recorded


def test_recorded_steps_go_on_with_what_came_back(model: LoadedModel, speak: Speak) -> None:
    """Steps are recorded for addresses: whoever comes back must be copied to where they look."""
    runner = new_runner(model, num_shelves=1)
    runner.shapes = ALL_ROWS
    record_runner(runner, FakeRecorder())
    for slot in range(runner.num_slots):
        runner.clear(slot, MAX_LEN)
    addresses = runner.cache.keys.data_ptr(), runner.cache.values.data_ptr()
    speaker, other = with_tokens(speak(8), runner, 0, 20), speak(3)
    speaker.park(runner, 0)
    other.enter(runner, 0)
    advance(runner, other)
    speaker.come_back(runner, 0, 2)
    finish(runner, speaker, other)
    assert (speaker.codes, other.codes) == (speaker.alone(), other.alone())
    assert (runner.cache.keys.data_ptr(), runner.cache.values.data_ptr()) == addresses


@needs_gpu
@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_on_a_gpu_whoever_comes_back_says_what_they_would_have_said(
    dtype: torch.dtype, weights_of: Callable[[str], WeightsPaths]
) -> None:
    model, shapes = load_model(weights_of("v2"), "tiny", dtype, CUDA), Shapes.for_device(CUDA, NUM_SLOTS)
    runner = ModelRunner(model.t2s, model.sovits.generator, NUM_SLOTS, 512, shapes, 0.0, 1)
    record_runner(runner, CudaRecorder(CUDA))
    for slot in range(NUM_SLOTS):
        runner.clear(slot, 512)
    heard = []
    for parks in (False, True):
        speaker, other = with_tokens(gpu_speaker(model, 8), runner, 0, 20), gpu_speaker(model, 3)
        if parks:
            speaker.park(runner, 0)
        other.enter(runner, 1)
        advance(runner, other)
        if parks:
            speaker.come_back(runner, 0, 3)
        finish(runner, speaker, other)
        speaker.leave(runner)
        other.leave(runner)
        heard.append((speaker.codes, other.codes))
    assert heard[0] == heard[1]


@needs_gpu
@pytest.mark.gpu
def test_on_a_gpu_a_layer_at_a_time_is_copied(weights_of: Callable[[str], WeightsPaths]) -> None:
    model, shapes = load_model(weights_of("v2"), "tiny", torch.float16, CUDA), Shapes.for_device(CUDA, 2)
    runner = ModelRunner(model.t2s, model.sovits.generator, 2, 4096, shapes, 0.0, 1)
    num_bytes = runner.cache.keys[0, 0].nbytes
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    runner.shelves.keep(0, 0, 4000)
    runner.shelves.give_back(0, 1, 4000)
    torch.cuda.synchronize()
    assert torch.cuda.max_memory_allocated() - before <= 2 * num_bytes
