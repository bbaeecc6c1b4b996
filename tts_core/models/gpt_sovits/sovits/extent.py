"""Which frames of a batch exist, and zeros in place of all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Extent(Protocol):
    """Follows a batch through layers that stretch it and cut it."""

    def clear(self, x: Tensor) -> Tensor:
        """Return (rows, channels, frames) with zeros where no frames exist. May write into `x`."""

    def stretched(self, rate: int) -> Extent:
        """Return the extent after `rate` frames have come from each."""

    def trimmed(self, spare: int, length: int) -> Extent:
        """Return the extent of `length` frames, after `spare` frames were cut off on the left."""


class Everything:
    """All frames exist."""

    def clear(self, x: Tensor) -> Tensor:
        return x

    def stretched(self, rate: int) -> Everything:
        return self

    def trimmed(self, spare: int, length: int) -> Everything:
        return self


@dataclass(frozen=True)
class Masked:
    """Frames exist where `mask` (rows, 1, frames) is 1; elsewhere it is 0. Nobody waits for its values."""

    mask: Tensor

    def clear(self, x: Tensor) -> Tensor:
        return x * self.mask

    def stretched(self, rate: int) -> Masked:
        return Masked(self.mask.repeat_interleave(rate, dim=2))

    def trimmed(self, spare: int, length: int) -> Masked:
        return Masked(self.mask[:, :, spare : spare + length])


@dataclass(frozen=True)
class Runs:
    """The same for a mask whose values are at hand: of each row, the frames of one run exist.

    Only what doesn't exist is written, a few frames of a window where a mask would touch all of them.
    """

    runs: tuple[tuple[int, int], ...]

    def clear(self, x: Tensor) -> Tensor:
        for row, (first, end) in enumerate(self.runs):
            if first > 0:
                x[row, :, :first].zero_()
            if end < x.shape[2]:
                x[row, :, end:].zero_()
        return x

    def stretched(self, rate: int) -> Runs:
        return Runs(tuple((rate * first, rate * end) for first, end in self.runs))

    def trimmed(self, spare: int, length: int) -> Runs:
        return Runs(
            tuple(
                (min(max(first - spare, 0), length), min(max(end - spare, 0), length))
                for first, end in self.runs
            )
        )


def extent_of(mask: Tensor | None) -> Extent:
    """Return the extent that a mask (rows, 1, frames) of 1 and 0 describes; None: everything."""
    if mask is None:
        return Everything()
    return Masked(mask) if mask.device.type != "cpu" else _runs_of(mask)


def _runs_of(mask: Tensor) -> Extent:
    exists = mask[:, 0] != 0
    firsts, counts = exists.int().argmax(1).tolist(), exists.sum(1).tolist()
    runs = tuple((first, first + count) for first, count in zip(firsts, counts, strict=True))
    index = torch.arange(mask.shape[2])
    ends = torch.tensor(runs)
    one_run = (index >= ends[:, :1]) & (index < ends[:, 1:])
    return Runs(runs) if torch.equal(one_run, exists) else Masked(mask)
