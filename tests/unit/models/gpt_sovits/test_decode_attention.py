"""A step's attention, as it is and widened: near the exact result, and a row's bits its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from tts_core.models.gpt_sovits.decode_attention import DecodeAttention, is_widened

ROWS = 5
LARGE, SMALL = (16, 1280, 32), (4, 128, 16)
"""Heads, positions, channels of a slot: as in a full-size model, and so small that rows go together."""
POSITIONS = torch.tensor([0, 100, 31, 32, 63])
KV_LEN = 128

AttentionOf = Callable[[tuple[int, int, int]], DecodeAttention]


@pytest.fixture(params=[False, True], ids=["widened", "as it is"])
def attention(request: pytest.FixtureRequest) -> AttentionOf:
    def build(shape: tuple[int, int, int]) -> DecodeAttention:
        with patch("tts_core.models.gpt_sovits.decode_attention._cpu_has_amx", lambda: request.param):
            return DecodeAttention(shape, torch.bfloat16, "cpu")

    return build


def drawn(shape: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Return queries, and keys and values, of `ROWS` rows."""
    draw = torch.Generator().manual_seed(7)
    heads, max_len, channels = shape
    query = torch.randn(ROWS, heads, 1, channels, generator=draw)
    both = torch.randn(2, ROWS, heads, max_len, channels, generator=draw)
    return query.bfloat16(), both.bfloat16()


def attended(
    attention: DecodeAttention, query: Tensor, both: Tensor, rows: list[int], kv_len: int = KV_LEN
) -> Tensor:
    step = attention.step(POSITIONS[rows], kv_len)
    return attention(query[rows], both[:, rows], step)


@pytest.mark.parametrize("shape", [LARGE, SMALL], ids=["large", "small"])
def test_it_is_near_the_exact_attention(attention: AttentionOf, shape: tuple[int, int, int]) -> None:
    query, both = drawn(shape)

    found = attended(attention(shape), query, both, list(range(ROWS)))

    for row, position in enumerate(POSITIONS.tolist()):
        keys, values = both[:, row, :, : position + 1].double()
        weights = (query[row].double() @ keys.mT / math.sqrt(shape[2])).softmax(-1)
        torch.testing.assert_close(found[row].double(), weights @ values, rtol=0.02, atol=0.02)
    assert found.dtype is torch.bfloat16


@pytest.mark.parametrize("shape", [LARGE, SMALL], ids=["large", "small"])
def test_a_row_is_the_same_alone_elsewhere_and_whatever_is_read(
    attention: AttentionOf, shape: tuple[int, int, int]
) -> None:
    query, both = drawn(shape)
    one = attention(shape)
    together = attended(one, query, both, list(range(ROWS)))

    backwards = attended(one, query, both, list(reversed(range(ROWS))))
    assert torch.equal(backwards.flip(0), together)
    for row in range(ROWS):
        assert torch.equal(attended(one, query, both, [row])[0], together[row])
        assert torch.equal(attended(one, query, both, [row], kv_len=shape[1])[0], together[row])


def test_what_lies_beyond_a_row_counts_for_nothing(attention: AttentionOf) -> None:
    query, both = drawn(LARGE)
    expected = attended(attention(LARGE), query, both, [1])

    both[:, :, :, 101:] = 9.0

    assert torch.equal(attended(attention(LARGE), query, both, [1]), expected)


def test_only_halves_on_processors_without_amx_are_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False)
    assert is_widened(torch.bfloat16, "cpu")
    assert not is_widened(torch.float32, "cpu")
    assert not is_widened(torch.bfloat16, "cuda")

    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True, raising=False)
    assert not is_widened(torch.bfloat16, "cpu")

    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")
    assert is_widened(torch.bfloat16, "cpu")
