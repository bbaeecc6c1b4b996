"""Noise as a pure function of (seed, segment, purpose, position), for any number of rows at once.

A counter-based generator (Philox4x32-10; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11)
in plain integer tensors: nothing is kept between draws, so neither neighbours, nor batch sizes, nor the order
of draws can change what a listener hears.
"""

from __future__ import annotations

import enum
import math

import torch
from torch import Tensor

_MASK = 0xFFFFFFFF
_WORDS = 4
_ROUNDS = 10
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_SIGNED_64 = 1 << 63


TAKE_STEPS = 1 << 16
"""How far apart the steps of a segment's takes lie: no take is as long."""


class Purpose(enum.IntEnum):
    """What noise is for. The numbers are part of what a seed means: never reuse one."""

    SAMPLE = 1
    LATENT = 2


def exponential(seeds: Tensor, segments: Tensor, purpose: Purpose, positions: Tensor, count: int) -> Tensor:
    """Return (rows, count) draws of Exp(1), all positive, in float32.

    Args:
        seeds: (rows,) int64 from `seed_word`; segments, positions: (rows,) int64, from 0 to 2^32 - 1.
        count: draws for each row; the first ones don't depend on it.
    """
    return -_uniform(seeds, segments, purpose, positions, count).log_().float()


def normal(seeds: Tensor, segments: Tensor, purpose: Purpose, positions: Tensor, count: int) -> Tensor:
    """Return (rows, count) draws of the standard normal distribution in float32; arguments as above."""
    even = count + count % 2
    pairs = _uniform(seeds, segments, purpose, positions, even).view(len(positions), -1, 2)
    radius, angle = pairs.unbind(2)
    radius, angle = (radius.log() * -2).sqrt(), angle * (2 * math.pi)
    draws = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=2)  # Box and Muller
    return draws.flatten(1)[:, :count].float()


def seed_word(seed: int) -> int:
    """Return any integer seed as the int64 that keeps its lowest 64 bits."""
    return (seed + _SIGNED_64) % (2 * _SIGNED_64) - _SIGNED_64


def philox(counter: tuple[Tensor, ...], key: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return four words for counters of four words and keys of two: int64 tensors of 32-bit values."""
    first, second, third, fourth = counter
    low_key, high_key = key
    for _ in range(_ROUNDS):
        left, right = first * _MULTIPLIERS[0], third * _MULTIPLIERS[1]
        # Products wrap into the sign; masked after the shift, their high words are right all the same.
        first, second = (right >> 32 & _MASK) ^ second ^ low_key, right & _MASK
        third, fourth = (left >> 32 & _MASK) ^ fourth ^ high_key, left & _MASK
        low_key, high_key = low_key + _KEY_STEPS[0] & _MASK, high_key + _KEY_STEPS[1] & _MASK
    return first, second, third, fourth


def _uniform(seeds: Tensor, segments: Tensor, purpose: Purpose, positions: Tensor, count: int) -> Tensor:
    """Return (rows, count) in float64, strictly between 0 and 1."""
    blocks = torch.arange(-(-count // _WORDS), device=positions.device).unsqueeze(0)
    rows, purposes = positions.unsqueeze(1), torch.full_like(blocks, int(purpose))
    counter = (blocks, rows, segments.unsqueeze(1), purposes)
    key = (seeds.unsqueeze(1) & _MASK, seeds.unsqueeze(1) >> 32 & _MASK)
    words = torch.stack(philox(counter, key), dim=2)
    return (words.flatten(1)[:, :count].double() + 0.5) * 2.0**-32
