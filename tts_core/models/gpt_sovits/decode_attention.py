"""Attention of a decode step: one query of each row against all that its slot holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from tts_core.models.gpt_sovits.layers import additive
from tts_core.models.gpt_sovits.precision import cpu_has

_LENGTH_MULTIPLE = 32
"""What a widened row's length is rounded up to: fewer lengths than positions."""

RowShape = tuple[int, int, int]
"""Heads, positions and channels of a slot."""

_PIECE_BYTES = 1 << 20
"""What is widened at once, unless one row takes more: it is read again from the processor's cache."""


@dataclass(frozen=True)
class Piece:
    """Rows that are attended at once.

    Attributes:
        rows: which of the step's.
        mask: (rows, 1, 1, length), added to the scores: how many positions they look at, and which count.
    """

    rows: slice
    mask: Tensor


@dataclass(frozen=True)
class Step:
    """What all layers of one decode step share.

    Attributes:
        positions: (rows,) where keys and values are written.
        pieces: all rows, in their order.
    """

    positions: Tensor
    pieces: tuple[Piece, ...]


class DecodeAttention:
    """Scaled dot-product attention, in a type that the machine is quick in.

    A CPU without units for whole matrices (AMX) takes two to three times as long for products of halves, one
    query at a time, as for widening keys and values to float32 and multiplying those. Rows as large as a
    processor's cache are widened one by one, each as far as it goes itself.

    Args:
        row_shape: (heads, max_len, head_dim).
        dtype, device: of keys and values.
    """

    def __init__(self, row_shape: RowShape, dtype: torch.dtype, device: torch.device | str) -> None:
        self._dtype, self._is_widening = dtype, is_widened(dtype, device)
        # Decided once: which rows are computed together must not depend on how long the others are.
        self._rows_at_once = _rows_at_once(row_shape)
        num_bytes = scratch_bytes(row_shape, dtype, device)
        self._scratch = torch.empty(num_bytes // torch.float32.itemsize).zero_()

    def step(self, positions: Tensor, kv_len: int) -> Step:
        """Return a step of rows at `positions` (rows,), which reads no more than `kv_len` of the cache."""
        seen = torch.arange(kv_len, device=positions.device) <= positions.unsqueeze(1)
        mask = additive(seen[:, None, None], torch.float32 if self._is_widening else self._dtype)
        if not self._is_widening:
            pieces = [Piece(slice(None), mask)]
        elif self._rows_at_once > 1:
            firsts = range(0, len(positions), self._rows_at_once)
            pieces = [_piece(mask, first, first + self._rows_at_once, kv_len) for first in firsts]
        else:
            lasts = enumerate(positions.tolist())
            pieces = [_piece(mask, row, row + 1, min(_length(last), kv_len)) for row, last in lasts]
        return Step(positions, tuple(pieces))

    def __call__(self, query: Tensor, both: Tensor, step: Step) -> Tensor:
        """Return (rows, heads, 1, head_dim), in the type of `query`.

        Args:
            query: (rows, heads, 1, head_dim).
            both: (2, rows, heads, max_len, head_dim): keys and values.
        """
        if not self._is_widening:
            mask = step.pieces[0].mask
            keys, values = both[:, :, :, : mask.shape[3]]
            return scaled_dot_product_attention(query, keys, values, attn_mask=mask)
        wide = query.float()
        return torch.cat([self._widened(wide, both, piece) for piece in step.pieces]).to(query.dtype)

    def _widened(self, query: Tensor, both: Tensor, piece: Piece) -> Tensor:
        narrow = both[:, piece.rows, :, : piece.mask.shape[3]]
        keys, values = self._scratch[: narrow.numel()].view(narrow.shape).copy_(narrow)
        return scaled_dot_product_attention(query[piece.rows], keys, values, attn_mask=piece.mask)


def _piece(mask: Tensor, first: int, end: int, length: int) -> Piece:
    return Piece(slice(first, end), mask[first:end, ..., :length])


def _length(last: int) -> int:
    return -(-(last + 1) // _LENGTH_MULTIPLE) * _LENGTH_MULTIPLE


def scratch_bytes(row_shape: RowShape, dtype: torch.dtype, device: torch.device | str) -> int:
    """Return what widening takes, once for a cache."""
    return _rows_at_once(row_shape) * _widened_bytes(row_shape) if is_widened(dtype, device) else 0


def _rows_at_once(row_shape: RowShape) -> int:
    return max(1, _PIECE_BYTES // _widened_bytes(row_shape))


def _widened_bytes(row_shape: RowShape) -> int:
    return 2 * math.prod(row_shape) * torch.float32.itemsize


def is_widened(dtype: torch.dtype, device: torch.device | str) -> bool:
    """Whether keys and values of this type are widened to be multiplied."""
    is_half = dtype.itemsize < torch.float32.itemsize
    return torch.device(device).type == "cpu" and is_half and not _cpu_has_amx()


def _cpu_has_amx() -> bool:
    return cpu_has("_is_amx_tile_supported")
