"""Batches, padding, slots and caches change nothing: every row is what it is alone, without a cache."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from tests.unit.models.gpt_sovits.builders import Prompt, prompt, tiny_t2s
from tts_core.models.gpt_sovits.kv_cache import KVCache
from tts_core.models.gpt_sovits.t2s import T2S, Padding
from tts_core.models.gpt_sovits.t2s_oracle import generate_alone

STEPS = 6
PROMPTS = [prompt(1, 9, 7), prompt(2, 23, 12), prompt(3, 14, 0)]


def greedy(logits: Tensor, step: int) -> int:
    return int(logits.argmax())


def pad_rows(rows: Sequence[Tensor], padding: Padding) -> Tensor:
    return pad_sequence(list(rows), batch_first=True, padding_side=padding)


def prefill(
    model: T2S, cache: KVCache, prompts: list[Prompt], slots: list[int], padding: Padding = "right"
) -> Tensor:
    return model.prefill(
        pad_rows([item.phones for item in prompts], padding),
        pad_rows([item.bert for item in prompts], padding),
        pad_rows([item.tokens for item in prompts], padding),
        torch.tensor([len(item.phones) for item in prompts]),
        torch.tensor([len(item.tokens) for item in prompts]),
        cache,
        torch.tensor(slots),
        padding,
    )


def step(
    model: T2S,
    cache: KVCache,
    prompts: list[Prompt],
    slots: list[int],
    tokens: Tensor,
    index: int,
    kv_len: int,
) -> Tensor:
    """One decode step in which slots without a prompt hold token 5 at position 0."""
    places = torch.tensor(slots)
    inputs = torch.tensor([[5], [0], [0]]).repeat(1, cache.num_slots)
    audio = torch.tensor([len(item.tokens) for item in prompts]) + index
    text = torch.tensor([len(item.phones) for item in prompts])
    inputs[:, places] = torch.stack((tokens, text + audio, audio))
    return model.decode_step(inputs[0], inputs[1], inputs[2], cache, kv_len)[places]


def decode(
    model: T2S, cache: KVCache, prompts: list[Prompt], slots: list[int], padding: Padding = "right",
    kv_len: int = 64,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    logits = prefill(model, cache, prompts, slots, padding)
    tokens, rows = [], []
    for index in range(STEPS):
        tokens.append(logits.argmax(dim=1))
        rows.append(logits)
        logits = step(model, cache, prompts, slots, tokens[-1], index, kv_len)
    return torch.stack(tokens, 1), torch.stack(rows, 1)


@pytest.fixture(scope="module")
def model() -> T2S:
    return tiny_t2s()


@pytest.mark.parametrize("padding", ["left", "right"])
@pytest.mark.parametrize("slots", [[0, 1, 2], [4, 0, 3]])
def test_rows_of_a_padded_batch_equal_the_oracle(model: T2S, padding: Padding, slots: list[int]) -> None:
    cache = model.new_cache(5, 64)

    tokens, logits = decode(model, cache, PROMPTS, slots, padding)

    for row, item in enumerate(PROMPTS):
        alone, alone_logits = generate_alone(model, item.phones, item.bert, item.tokens, STEPS, greedy)
        assert tokens[row].tolist() == alone.tolist()
        torch.testing.assert_close(logits[row], alone_logits, atol=1e-4, rtol=1e-4)


def test_a_neighbour_changes_nothing(model: T2S) -> None:
    others = [PROMPTS[0], prompt(9, 23, 12), PROMPTS[2]]

    _, first = decode(model, model.new_cache(3, 64), PROMPTS, [0, 1, 2])
    _, second = decode(model, model.new_cache(3, 64), others, [0, 1, 2])

    assert torch.equal(first[0], second[0])
    assert torch.equal(first[2], second[2])
    assert not torch.equal(first[1], second[1])


def test_free_slots_full_of_nan_change_nothing(model: T2S) -> None:
    clean, poisoned = model.new_cache(4, 64), model.new_cache(4, 64)
    poisoned.fill(torch.tensor([0, 3]), float("nan"))

    _, expected = decode(model, clean, PROMPTS[:2], [2, 1])
    _, found = decode(model, poisoned, PROMPTS[:2], [2, 1])

    assert torch.equal(found, expected)


def test_what_a_slot_held_before_changes_nothing(model: T2S) -> None:
    clean, used = model.new_cache(2, 64), model.new_cache(2, 64)
    used.fill(torch.tensor([0, 1]), 1e4)

    _, expected = decode(model, clean, PROMPTS[:2], [0, 1])
    _, found = decode(model, used, PROMPTS[:2], [0, 1])

    assert torch.equal(found, expected)


def test_reading_more_of_the_cache_than_needed_changes_nothing(model: T2S) -> None:
    cache = model.new_cache(2, 64)

    short, short_logits = decode(model, cache, PROMPTS[:2], [0, 1], kv_len=48)
    long, long_logits = decode(model, cache, PROMPTS[:2], [0, 1], kv_len=64)

    assert torch.equal(short, long)
    torch.testing.assert_close(short_logits, long_logits, atol=1e-5, rtol=1e-5)


def test_a_paused_row_resumes_where_it_was(model: T2S) -> None:
    """Its steps while it is paused write garbage only where its next token will overwrite it."""
    cache, prompts = model.new_cache(2, 64), PROMPTS[:2]
    logits = prefill(model, cache, prompts, [0, 1])
    tokens = logits.argmax(dim=1)
    expected = step(model, cache, prompts, [0, 1], tokens, 0, 64)

    garbage = torch.tensor([int(tokens[0]), 77])
    step(model, cache, prompts, [0, 1], garbage, 0, 64)
    resumed = step(model, cache, prompts, [0, 1], tokens, 0, 64)

    assert torch.equal(resumed, expected)


def test_text_does_not_see_audio(model: T2S) -> None:
    """Keys of text positions depend on the text alone, however the prompt sounds."""
    first, second = model.new_cache(1, 64), model.new_cache(1, 64)
    other = Prompt(PROMPTS[0].phones, PROMPTS[0].bert, torch.flip(PROMPTS[0].tokens, [0]))

    prefill(model, first, [PROMPTS[0]], [0])
    prefill(model, second, [other], [0])

    length = len(PROMPTS[0].phones)
    assert torch.equal(first.keys[:, :, :, :length], second.keys[:, :, :, :length])
    assert not torch.equal(first.keys[:, :, :, length], second.keys[:, :, :, length])


@pytest.mark.parametrize(("dtype", "distance"), [(torch.bfloat16, 0.1), (torch.float16, 0.02)])
def test_half_precision_stays_near_float32(model: T2S, dtype: torch.dtype, distance: float) -> None:
    half = tiny_t2s(dtype)

    expected = prefill(model, model.new_cache(3, 64), PROMPTS, [0, 1, 2])
    found = prefill(half, half.new_cache(3, 64), PROMPTS, [0, 1, 2])

    assert found.dtype is torch.float32
    assert (found - expected).abs().max() < distance * expected.abs().max()


def test_a_cache_takes_the_bytes_it_announces(model: T2S) -> None:
    cache = model.new_cache(3, 50)

    announced = KVCache.num_bytes(model.config, 3, 50, torch.float32)

    assert announced == cache.keys.nbytes + cache.values.nbytes
    assert cache.keys.shape == (2, 3, 4, 50, 16)
