"""Where the keys and values of parked sequences are kept: outside of the slots, in the host's memory."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.kv_cache import KVCache


class Shelves:
    """Room for so many sequences, allocated once. Which of them are taken is the scheduler's to know.

    What comes back is what was put there, to the last bit. A layer is copied at a time, so that a GPU needs
    room for the rows of one layer beside its cache. Copies are queued like any other work on the cache: they
    come after the step before them, and before the step after them, recorded or not.

    Args:
        cache: whose slots are copied. They stay where they are.
        count: how many there are.
    """

    def __init__(self, cache: KVCache, count: int) -> None:
        self._cache, self.count = cache, count
        num_layers, _, num_heads, max_len, head_dim = cache.keys.shape
        self._row = num_heads, head_dim
        self._store = torch.zeros(
            (count, 2, num_layers, num_heads * max_len * head_dim),
            dtype=cache.keys.dtype,
            pin_memory=count > 0 and cache.keys.device.type == "cuda",
        )

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

    def fill(self, shelf: int, value: float) -> None:
        """Overwrite a shelf. NaN makes any later use of it loud."""
        self._store[shelf] = value

    def _layers(self, shelf: int, slot: int, length: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield each layer's keys and values on the shelf, without gaps, and in the slot."""
        num_heads, head_dim = self._row
        for kept, store in zip(self._store[shelf], (self._cache.keys, self._cache.values), strict=True):
            for kept_layer, layer in zip(kept, store, strict=True):
                packed = kept_layer[: num_heads * length * head_dim].view(num_heads, length, head_dim)
                yield packed, layer[slot, :, :length]
