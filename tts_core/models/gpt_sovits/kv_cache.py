"""Keys and values of every layer and slot, allocated once."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tts_core.models.gpt_sovits.config import T2SConfig
from tts_core.models.gpt_sovits.decode_attention import DecodeAttention, Step, scratch_bytes


class KVCache:
    """A static key and value store. Knows nothing of requests: who owns a slot is the caller's to know.

    Attributes:
        keys, values: (layers, slots, heads, max_len, head_dim).
    """

    def __init__(
        self, config: T2SConfig, num_slots: int, max_len: int, dtype: torch.dtype, device: torch.device | str
    ) -> None:
        shape = self.shape(config, num_slots, max_len)
        # Zeros, not empty memory: attention multiplies masked values by 0, which a stray NaN would survive.
        self._both = torch.zeros((2, *shape), dtype=dtype, device=device)
        self.keys: Tensor = self._both[0]
        self.values: Tensor = self._both[1]
        self._rows = torch.arange(num_slots, device=device)
        self._attention = DecodeAttention(shape[2:], dtype, device)

    @staticmethod
    def shape(config: T2SConfig, num_slots: int, max_len: int) -> tuple[int, int, int, int, int]:
        return config.num_layers, num_slots, config.num_heads, max_len, config.head_dim

    @classmethod
    def num_bytes(cls, config: T2SConfig, num_slots: int, max_len: int, dtype: torch.dtype) -> int:
        """Return what the slots of such a cache take, for start-up arithmetic."""
        return 2 * math.prod(cls.shape(config, num_slots, max_len)) * dtype.itemsize

    @classmethod
    def num_scratch_bytes(
        cls, config: T2SConfig, max_len: int, dtype: torch.dtype, device: torch.device | str
    ) -> int:
        """Return what reading it takes beside them."""
        return scratch_bytes(cls.shape(config, 1, max_len)[2:], dtype, device)

    @property
    def num_slots(self) -> int:
        return self.keys.shape[1]

    @property
    def max_len(self) -> int:
        return self.keys.shape[3]

    def write_prompt(self, layer: int, slots: Tensor, keys: Tensor, values: Tensor) -> None:
        """Put (rows, heads, length, head_dim) at the start of `slots` (rows,), which must be distinct."""
        length = keys.shape[2]
        self.keys[layer, :, :, :length].index_copy_(0, slots, keys)
        self.values[layer, :, :, :length].index_copy_(0, slots, values)

    def write_step(self, layer: int, positions: Tensor, both: Tensor) -> None:
        """Put (rows, 2, heads, head_dim), keys and values, at `positions[row]` of slot `row`."""
        self._both[:, layer][:, self._rows[: len(both)], :, positions] = both

    def step(self, positions: Tensor, kv_len: int) -> Step:
        """Return what all layers of a step over the first slots share.

        Args:
            positions: (rows,) where in its slot each row is.
            kv_len: how much of the cache is read at most: more than any position that counts.
        """
        return self._attention.step(positions, kv_len)

    def attend(self, layer: int, query: Tensor, step: Step) -> Tensor:
        """Return what each row's query finds in its slot, (rows, heads, 1, head_dim) both."""
        return self._attention(query, self._both[:, layer, : len(query)], step)

    def fill(self, slots: Tensor, value: float) -> None:
        """Overwrite whole slots. NaN makes any later use of a free slot loud.

        A slot in use must hold finite values beyond its length, since masked values are multiplied by 0:
        fill a poisoned slot with a finite value before its next prefill.
        """
        self.keys.index_fill_(1, slots, value)
        self.values.index_fill_(1, slots, value)
