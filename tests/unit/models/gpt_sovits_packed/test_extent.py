"""Clearing what doesn't exist by runs of frames is multiplying by the mask."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tts_core.models.gpt_sovits.sovits.extent import Everything, Masked, Runs, extent_of

FRAMES = 12


def mask_of(*rows: str) -> Tensor:
    return torch.tensor([[[float(mark) for mark in row]] for row in rows])


@pytest.mark.parametrize(
    "rows",
    [
        ("111111111111",),
        ("000111111111",),
        ("111111100000", "000000000111"),
        ("000000000000", "010000000000"),
    ],
)
@pytest.mark.parametrize(
    ("rate", "spare", "length"), [(1, 0, 12), (3, 5, 26), (2, 0, 9), (2, 15, 4), (1, 12, 0)]
)
def test_runs_are_the_mask(rows: tuple[str, ...], rate: int, spare: int, length: int) -> None:
    mask = mask_of(*rows)
    runs = extent_of(mask)
    assert isinstance(runs, Runs)
    x = torch.rand(len(rows), 3, length) + 1

    found = runs.stretched(rate).trimmed(spare, length).clear(x.clone())

    assert torch.equal(found, Masked(mask).stretched(rate).trimmed(spare, length).clear(x))


def test_a_mask_with_holes_is_not_taken_for_its_hull() -> None:
    x = torch.ones(2, 3, FRAMES)
    mask = mask_of("111101111111", "111111111111")

    assert torch.equal(extent_of(mask).clear(x.clone()), x * mask)


def test_without_a_mask_everything_exists() -> None:
    x = torch.rand(2, 3, FRAMES)
    extent = extent_of(None)

    assert isinstance(extent, Everything)
    assert torch.equal(extent.stretched(2).trimmed(1, FRAMES).clear(x.clone()), x)
