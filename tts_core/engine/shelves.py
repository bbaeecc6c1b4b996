"""Where the keys and values of parked sequences are kept: outside of the slots, in the host's memory."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from tts_core.engine.lazy_memory import LazyRows
from tts_core.models.gpt_sovits.kv_cache import KVCache


class Shelves:
    """Room for so many sequences, set aside once. Which of them are taken is the scheduler's to know.

    What comes back is what was put there, to the last bit. A layer is copied at a time, so that a GPU needs
    room for the rows of one layer beside its cache. Copies are queued like any other work on the cache: they
    come after the step before them, and before the step after them, recorded or not.

    Beside a cache on a CPU a shelf is room in the address space: it takes as much memory as was put there,
    and gives it back when that is forgotten. What a GPU copies to and from must stay in its place, so there
    all of it is taken at the start.

    Args:
        cache: whose slots are copied. They stay where they are.
        count: how many there are.

    Raises:
        OutOfMemoryError: there is no room.
    """

    def __init__(self, cache: KVCache, count: int) -> None:
        self._cache, self.count = cache, count
        num_layers, _, num_heads, max_len, head_dim = cache.keys.shape
        size, dtype = 2 * num_layers * num_heads * max_len * head_dim, cache.keys.dtype
        self._lazy: LazyRows | None = None
        if count and cache.keys.device.type == "cpu":
            self._lazy = LazyRows(count, size, dtype)
            self._store = self._lazy.rows
        else:
            self._store = torch.zeros((count, size), dtype=dtype, pin_memory=count > 0)

    @torch.inference_mode()
    def keep(self, shelf: int, slot: int, length: int) -> None:
        """Copy a slot's first positions."""
        for kept, rows in self._layers(shelf, slot, length):
            kept.copy_(rows, non_blocking=True)

    @torch.inference_mode()
    def give_back(self, shelf: int, slot: int, length: int) -> None:
        """Copy what was kept, of the same length, into a slot."""
        for kept, rows in self._layers(shelf, slot, length):
            rows.copy_(kept, non_blocking=True)

    def forget(self, shelf: int, value: float) -> None:
        """Let a shelf be used again. NaN makes any use of what was on it loud; 0 gives its memory back."""
        if value:
            self._store[shelf] = value
        elif self._lazy is not None:
            self._lazy.release(shelf)

    def _layers(self, shelf: int, slot: int, length: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield each layer's keys and values: on the shelf, where there are no gaps, and in the slot."""
        num_layers, _, num_heads, _, head_dim = self._cache.keys.shape
        shape = 2, num_layers, num_heads, length, head_dim
        packed = self._store[shelf, : math.prod(shape)].view(shape)
        for kept, store in zip(packed, (self._cache.keys, self._cache.values), strict=True):
            for kept_layer, layer in zip(kept, store, strict=True):
                yield kept_layer, layer[slot, :, :length]
