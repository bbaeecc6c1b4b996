"""Noise depends on seed, segment, purpose and position, and on nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tts_core.models.gpt_sovits.noise import Purpose, exponential, normal, philox, seed_word

Draw = Callable[[Tensor, Tensor, Purpose, Tensor, int], Tensor]


def rows(*values: int) -> Tensor:
    return torch.tensor(values)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_words_are_those_of_the_published_generator(
    counter: tuple[int, ...], key: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    words = philox(tuple(map(rows, counter)), tuple(map(rows, key)))
    assert tuple(int(word) for word in words) == expected


@pytest.mark.parametrize("draw", [exponential, normal])
def test_a_row_is_the_same_alone_among_others_and_cut_short(draw: Draw) -> None:
    together = draw(rows(5, 6, 5), rows(0, 1, 2), Purpose.SAMPLE, rows(3, 4, 5), 1025)
    alone = draw(rows(6), rows(1), Purpose.SAMPLE, rows(4), 1025)
    short = draw(rows(6), rows(1), Purpose.SAMPLE, rows(4), 7)
    assert torch.equal(together[1:2], alone)
    assert torch.equal(short, alone[:, :7])


def test_any_change_of_place_changes_all_of_it() -> None:
    base: dict[str, Any] = {
        "seeds": rows(5),
        "segments": rows(1),
        "purpose": Purpose.SAMPLE,
        "positions": rows(3),
    }
    changes: list[dict[str, Any]] = [
        {},
        {"seeds": rows(6)},
        {"seeds": rows(seed_word(5 + 2**40))},
        {"segments": rows(2)},
        {"purpose": Purpose.LATENT},
        {"positions": rows(4)},
    ]
    drawn = [exponential(**(base | change), count=64) for change in changes]
    for one, other in itertools.combinations(drawn, 2):
        assert not torch.isclose(one, other).any()


def test_distributions_are_the_ones_asked_for() -> None:
    places = torch.arange(400)
    seeds, segments = torch.full_like(places, 9), torch.zeros_like(places)
    waits = exponential(seeds, segments, Purpose.SAMPLE, places, 1000).double()
    bell = normal(seeds, segments, Purpose.LATENT, places, 1000).double()
    assert bool((waits > 0).all())
    assert waits.mean().item() == pytest.approx(1.0, abs=0.01)
    assert waits.var().item() == pytest.approx(1.0, abs=0.02)
    assert (waits > 3).double().mean().item() == pytest.approx(0.0498, abs=0.002)
    assert bell.mean().item() == pytest.approx(0.0, abs=0.01)
    assert bell.var().item() == pytest.approx(1.0, abs=0.02)
    assert (bell.abs() > 2).double().mean().item() == pytest.approx(0.0455, abs=0.002)
    assert abs((bell[:, 0::2] * bell[:, 1::2]).mean().item()) < 0.01


@pytest.mark.parametrize(
    ("seed", "word"), [(0, 0), (-1, -1), (2**64 - 1, -1), (2**63, -(2**63)), (2**64 + 3, 3)]
)
def test_any_integer_is_a_seed(seed: int, word: int) -> None:
    assert seed_word(seed) == word
