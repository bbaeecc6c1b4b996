"""Rows that don't depend on each other are found on the machine, and where they do, a shape that is safe."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import cast

import pytest
import torch
from torch import Tensor

from tts_core.engine.rows import check_windows, proven
from tts_core.engine.shapes import Shapes
from tts_core.errors import SetupError
from tts_core.models.gpt_sovits.config import T2SConfig
from tts_core.models.gpt_sovits.kv_cache import KVCache
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.t2s import T2S
from tts_core.models.gpt_sovits.vocoding import WindowInputs

NUM_SLOTS, MAX_LEN = 6, 256
CONFIG = T2SConfig(vocab_size=10, num_phones=10, hidden_dim=8, num_heads=2, num_layers=2, eos=9)
SHAPES = Shapes(min_rows=2, kv_multiple=64)

Quirk = Callable[[Tensor, int], Tensor]


class FakeT2S:
    """A step whose rows are sums of what they have read, with a quirk like those of real kernels."""

    def __init__(self, quirk: Quirk) -> None:
        self.config, self.device = CONFIG, torch.device("cpu")
        self._quirk = quirk

    def decode_step(
        self, tokens: Tensor, positions: Tensor, audio_positions: Tensor, cache: KVCache, kv_len: int
    ) -> Tensor:
        keys, values = (store[0, : len(tokens), :, :kv_len] for store in (cache.keys, cache.values))
        seen = (torch.arange(kv_len) <= positions.unsqueeze(1))[:, None, :, None]
        past = (1000 * (keys + values) * seen).long().sum((1, 2, 3)).unsqueeze(1)  # exact in any order
        return self._quirk(past + tokens.unsqueeze(1) + torch.zeros(1, CONFIG.vocab_size), kv_len)


def prove(quirk: Quirk, shapes: Shapes = SHAPES) -> Shapes:
    cache = KVCache(CONFIG, NUM_SLOTS, MAX_LEN, torch.float32, "cpu")
    return proven(shapes, cast(T2S, FakeT2S(quirk)), cache)


def changed_in(*counts: int) -> Quirk:
    """Return one that steps of so many rows have."""
    return lambda logits, _: logits + 1e-3 if len(logits) in counts else logits


def test_where_rows_never_touch_any_number_will_do(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tts_core"):
        assert prove(lambda logits, _: logits) == SHAPES
    assert [record.getMessage() for record in caplog.records] == [
        "decode steps of 2 to 6 rows, reading multiples of 64 positions, agree to the last bit"
    ]


@pytest.mark.parametrize(
    ("counts", "min_rows"), [((2, 3), 4), ((3,), 4), ((5,), 6), ((2, 3, 4, 5), 6), ((1,), 2)]
)
def test_the_smallest_number_from_which_on_all_agree_is_found(counts: tuple[int, ...], min_rows: int) -> None:
    assert prove(changed_in(*counts)).min_rows == min_rows


def test_nothing_below_what_was_asked_for_is_taken() -> None:
    assert prove(changed_in(), Shapes(min_rows=NUM_SLOTS, kv_multiple=64)).min_rows == NUM_SLOTS


def test_one_length_of_cache_where_the_length_matters() -> None:
    assert prove(lambda logits, kv_len: logits + kv_len * 1e-3) == Shapes(min_rows=2, kv_multiple=MAX_LEN)


def test_rows_are_compared_at_the_length_that_will_be_read() -> None:
    def quirk(logits: Tensor, kv_len: int) -> Tensor:
        return logits + kv_len + (len(logits) == 3 and kv_len == MAX_LEN)

    assert prove(quirk) == Shapes(min_rows=4, kv_multiple=MAX_LEN)


def test_a_single_bit_counts() -> None:
    def flipped(logits: Tensor, _: int) -> Tensor:
        if len(logits) == 4:
            logits[0, 0] = torch.nextafter(logits[0, 0], torch.tensor(torch.inf))
        return logits

    assert prove(flipped).min_rows == 5


@pytest.mark.parametrize(
    "quirk",
    [
        lambda logits, _: logits + torch.arange(len(logits)).unsqueeze(1),  # a kernel's last rows, say
        lambda logits, _: logits / logits.abs().amax(),  # one scale for the whole batch
    ],
)
def test_rows_that_hear_each_other_are_refused(quirk: Quirk) -> None:
    with pytest.raises(SetupError, match=r"6 rows.*another num_slots"):
        prove(quirk)


def test_numbers_that_are_none_are_compared_too() -> None:
    """What is wrong with such weights is for others to say."""
    assert prove(lambda logits, _: logits * torch.nan) == SHAPES


def test_the_real_model_passes(model: LoadedModel) -> None:
    cache = model.t2s.new_cache(NUM_SLOTS, MAX_LEN)
    shapes = proven(SHAPES, model.t2s, cache)
    assert shapes.kv_multiple == 64
    assert 2 <= shapes.min_rows <= NUM_SLOTS


# Windows


def windows(count: int) -> list[WindowInputs]:
    return [
        WindowInputs(torch.full((1, 2, 8), float(i)), None, torch.zeros(1, 1, 1), 4, 2) for i in range(count)
    ]


def test_windows_that_sound_alike_beside_others_pass() -> None:
    check_windows(lambda given: [one.latents.sum((0, 1)) for one in given], windows(3))


@pytest.mark.parametrize(
    "generate",
    [
        lambda given: [one.latents[0, 0] + row for row, one in enumerate(given)],
        lambda given: [one.latents[0, 0] + 1e-3 * len(given) for one in given],
    ],
)
def test_windows_that_hear_each_other_are_refused(
    generate: Callable[[Sequence[WindowInputs]], list[Tensor]],
) -> None:
    with pytest.raises(SetupError, match="3 windows of 4 frames"):
        check_windows(generate, windows(3))
    check_windows(generate, windows(1))
