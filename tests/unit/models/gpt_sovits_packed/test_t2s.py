"""T2S over packed weights: near the plain model, and each row the same bits whatever surrounds it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from tests.unit.models.gpt_sovits.builders import Prompt, prompt, tiny_t2s
from tests.unit.models.gpt_sovits_packed.conftest import T2SOf
from tests.unit.models.gpt_sovits_packed.near import assert_near
from tts_core.models.gpt_sovits.t2s import T2S, Padding

NUM_STEPS = 3
MAX_LEN = 64
PROMPTS = [prompt(row, 5 + row % 7, row % 5) for row in range(16)]
TOKENS = torch.randint(1024, (NUM_STEPS, 16), generator=torch.Generator().manual_seed(99))


def speak(
    model: T2S, rows: list[int], *, kv_len: int = 32, padding: Padding = "right", poison: bool = False
) -> Tensor:
    """Return (rows, 1 + steps, vocab): the logits of these prompts, each in the slot of its turn."""
    prompts = [PROMPTS[row] for row in rows]
    num_phones, num_tokens = (torch.tensor([len(part) for part in parts]) for parts in _parts(prompts))
    phones, tokens, bert = (
        pad_sequence(list(parts), batch_first=True, padding_side=padding)
        for parts in (*_parts(prompts), [one.bert for one in prompts])
    )
    cache = model.new_cache(len(rows) + 1, MAX_LEN)
    if poison:
        cache.fill(torch.tensor([len(rows)]), float("nan"))
    slots = torch.arange(len(rows))
    logits = [model.prefill(phones, bert, tokens, num_phones, num_tokens, cache, slots, padding)]
    for step in range(NUM_STEPS):
        spoken = TOKENS[step][rows]
        positions = num_phones + num_tokens + step
        logits.append(model.decode_step(spoken, positions, num_tokens + step, cache, kv_len))
    return torch.stack(logits, 1)


def _parts(prompts: list[Prompt]) -> tuple[list[Tensor], list[Tensor]]:
    return [one.phones for one in prompts], [one.tokens for one in prompts]


def test_logits_are_near_the_plain_model_s_in_float32(packed_t2s: T2SOf, dtype: torch.dtype) -> None:
    exact = speak(tiny_t2s(), list(range(6)))

    found = speak(packed_t2s(dtype), list(range(6)))

    assert_near(found, exact, dtype, slack=2.0)


@pytest.mark.parametrize("num_rows", [2, 3, 8, 16])
def test_a_row_is_what_it_is_alone_in_any_slot(packed_t2s: T2SOf, dtype: torch.dtype, num_rows: int) -> None:
    model = packed_t2s(dtype)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(num_rows))[:num_rows].tolist()

    together = speak(model, order)

    for slot, row in enumerate(order):
        assert torch.equal(together[slot], speak(model, [row])[0])


def test_neither_padding_nor_the_length_read_changes_a_bit(packed_t2s: T2SOf, dtype: torch.dtype) -> None:
    model, rows = packed_t2s(dtype), [3, 9, 4]

    expected = speak(model, rows)

    assert torch.equal(speak(model, rows, padding="left"), expected)
    assert torch.equal(speak(model, rows, kv_len=MAX_LEN), expected)


def test_a_prompt_s_padding_is_not_computed(packed_t2s: T2SOf, dtype: torch.dtype) -> None:
    """Or the length of the longest prompt would decide how the others are rounded."""
    model, short, long = packed_t2s(dtype), PROMPTS[0], PROMPTS[6]
    num_phones = torch.tensor([len(short.phones), len(long.phones)])
    num_tokens = torch.tensor([len(short.tokens), len(long.tokens)])
    phones, tokens, bert = (
        pad_sequence([getattr(short, name), getattr(long, name)], batch_first=True)
        for name in ("phones", "tokens", "bert")
    )
    cache = model.new_cache(2, MAX_LEN)
    cache.fill(torch.arange(2), 7.0)

    model.prefill(phones, bert, tokens, num_phones, num_tokens, cache, torch.arange(2))

    used = len(short.phones) + len(short.tokens)
    assert (cache.keys[:, 0, :, :used] != 7).any()
    assert (cache.keys[:, 0, :, used:] == 7).all()


def test_free_slots_are_not_read(packed_t2s: T2SOf, dtype: torch.dtype) -> None:
    found = speak(packed_t2s(dtype), [1, 2], poison=True)

    assert found.isfinite().all()


def test_the_model_still_says_what_and_where_it_is(packed_t2s: T2SOf, dtype: torch.dtype) -> None:
    model = packed_t2s(dtype)

    assert model.dtype is dtype
    assert model.device == torch.device("cpu")
