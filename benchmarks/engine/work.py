"""What a computation must do at least: floating-point operations, and bytes to and from memory.

Matrix products, convolutions and attention are counted, at two operations for a multiplication and its
addition. Biases, norms and activation functions are left out: together they are below 1 %. Only what serves
the result counts: padding, masked positions and the margins of windows are not work, so they show as a
smaller share of the ceiling.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Product(NamedTuple):
    """A linear layer or convolution, of `positions` outputs with `inputs` x `taps` weights to each.

    A grouped convolution has the inputs of one group; a transposed one has positions where it has inputs,
    and `rate` times as many outputs.
    """

    inputs: int
    outputs: int
    positions: int
    taps: int = 1
    rate: int = 1

    @property
    def num_weights(self) -> int:
        return self.inputs * self.outputs * self.taps


class Attention(NamedTuple):
    """Scores and weighted sums: for `pairs` of a query and a key, over `channels` of all heads together."""

    pairs: int
    channels: int


@dataclass(frozen=True)
class Work:
    """The least that a computation does.

    Attributes:
        flops: operations.
        weight_bytes: weights, each read once.
        state_bytes: keys and values, read and written.
        activation_bytes: every product's inputs read once and outputs written once. Caches keep a part of
            them, so they are apart from what can't be avoided.
    """

    flops: int = 0
    weight_bytes: int = 0
    state_bytes: int = 0
    activation_bytes: int = 0

    @property
    def bytes(self) -> int:
        """What no computation of this kind can do without, however good its caches are."""
        return self.weight_bytes + self.state_bytes

    def __add__(self, other: Work) -> Work:
        return Work(
            self.flops + other.flops,
            self.weight_bytes + other.weight_bytes,
            self.state_bytes + other.state_bytes,
            self.activation_bytes + other.activation_bytes,
        )


def work_of(parts: Iterable[Product | Attention], item_bytes: int, state_elements: int = 0) -> Work:
    """Return the work of `parts`, whose weights and activations take `item_bytes` each.

    Args:
        state_elements: keys and values, of the same size.
    """
    flops = weights = activations = 0
    for part in parts:
        if isinstance(part, Attention):
            flops += 4 * part.pairs * part.channels
        else:
            flops += 2 * part.num_weights * part.positions
            weights += part.num_weights
            activations += (part.inputs + part.outputs * part.rate) * part.positions
    return Work(flops, weights * item_bytes, state_elements * item_bytes, activations * item_bytes)


@dataclass(frozen=True)
class Ceilings:
    """What the machine can do.

    Attributes:
        flops_per_s: of a large matrix product.
        bytes_per_s: read from a buffer of the size of the weights.
        stream_bytes_per_s: read from a buffer that no cache holds.
    """

    flops_per_s: float
    bytes_per_s: float
    stream_bytes_per_s: float


@dataclass(frozen=True)
class Roofline:
    """A computation of `work` that took `seconds`, against the ceilings (Williams et al., 2009)."""

    work: Work
    seconds: float
    ceilings: Ceilings = field(repr=False)

    @property
    def flops_per_s(self) -> float:
        return self.work.flops / self.seconds

    @property
    def bytes_per_s(self) -> float:
        return self.work.bytes / self.seconds

    @property
    def bound(self) -> str:
        """Return which ceiling is the nearer one: "memory" or "compute"."""
        return "memory" if self._memory_share > self._compute_share else "compute"

    @property
    def share(self) -> float:
        """Return how much of the nearer ceiling was reached; 1 is all of it."""
        return max(self._memory_share, self._compute_share)

    @property
    def share_with_activations(self) -> float:
        """Return the same if all activations went through memory. Above 1, caches kept them."""
        moved = (self.work.bytes + self.work.activation_bytes) / self.seconds
        return max(moved / self.ceilings.bytes_per_s, self._compute_share)

    @property
    def _memory_share(self) -> float:
        return self.bytes_per_s / self.ceilings.bytes_per_s

    @property
    def _compute_share(self) -> float:
        return self.flops_per_s / self.ceilings.flops_per_s


def conv_length(length: int, kernel: int, stride: int) -> int:
    """Return how many outputs a convolution without margins has."""
    return math.floor((length - kernel) / stride) + 1
