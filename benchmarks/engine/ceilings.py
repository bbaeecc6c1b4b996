"""What the machine can do at most, measured with the same library, precision and threads as the engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import linear

from benchmarks.engine.clock import Clock
from benchmarks.engine.work import Ceilings

_COLUMNS = 4096
_ITEM_BYTES = 4


@dataclass(frozen=True)
class Probe:
    """What ceilings are measured with.

    Attributes:
        weight_bytes: a buffer as large as the weights that a decode step reads.
        stream_bytes: a buffer that no cache holds.
        matrix_dim: rows and columns of the matrices that are multiplied.
    """

    weight_bytes: int
    stream_bytes: int = 1 << 30
    matrix_dim: int = 2048


@torch.inference_mode()
def measure_ceilings(clock: Clock, probe: Probe, dtype: torch.dtype, device: torch.device) -> Ceilings:
    """Measure all three. Each is the best of all calls, since a ceiling is what was reached once."""
    return Ceilings(
        flops_per_s=_flops_per_s(clock, probe.matrix_dim, dtype, device),
        bytes_per_s=read_bytes_per_s(clock, probe.weight_bytes, device),
        stream_bytes_per_s=read_bytes_per_s(clock, probe.stream_bytes, device),
    )


def best_of(ceilings: Iterable[Ceilings]) -> Ceilings:
    """Return the highest of several measurements."""
    every = list(ceilings)
    return Ceilings(
        max(one.flops_per_s for one in every),
        max(one.bytes_per_s for one in every),
        max(one.stream_bytes_per_s for one in every),
    )


@torch.inference_mode()
def read_bytes_per_s(clock: Clock, num_bytes: int, device: torch.device) -> float:
    """Return how fast a buffer is read again and again: the better of a sum and a product with a vector.

    Both read float32, whatever the engine computes in: a byte is a byte, and float32 needs no conversion.
    """
    rows = max(1, num_bytes // (_ITEM_BYTES * _COLUMNS))
    buffer = torch.ones(rows, _COLUMNS, device=device)
    vector = torch.ones(_COLUMNS, device=device)
    fastest = min(clock.time(buffer.sum).best_s, clock.time(lambda: torch.mv(buffer, vector)).best_s)
    return buffer.nbytes / fastest


def _flops_per_s(clock: Clock, dim: int, dtype: torch.dtype, device: torch.device) -> float:
    left, right = (_matrix(dim, dtype, device) for _ in range(2))
    return 2 * dim**3 / clock.time(lambda: linear(left, right)).best_s


def _matrix(dim: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.full((dim, dim), 0.5, dtype=dtype, device=device)
