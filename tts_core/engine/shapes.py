"""The few fixed shapes in which models run, so that who else is there can't change how anyone is computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from tts_core.models.gpt_sovits.decoding import KV_MULTIPLE, PROMPT_MULTIPLE, rounded_up

_CUDA_KV_MULTIPLE = 256
_CUDA_WINDOW_ROWS = 4


@dataclass(frozen=True)
class Shapes:
    """How sizes are rounded up.

    A decode step runs over the first so many slots. Where the number of rows doesn't change a row's bits, any
    number from `min_rows` on will do; elsewhere it is all of them, always. How much of the cache is read is a
    multiple of `kv_multiple`: masked positions add exact zeros. `rows.proven` sees that both are so. A prompt
    is read alone, padded to a multiple of `prompt_multiple`, so its shape is its own.

    Attributes:
        min_rows: rows of the smallest decode step.
        kv_multiple: what the length of the cache that is read is a multiple of.
        prompt_multiple: what the length of a prompt is a multiple of.
        window_rows: windows in one call of the generator, always.
    """

    min_rows: int = 1
    kv_multiple: int = KV_MULTIPLE
    prompt_multiple: int = PROMPT_MULTIPLE
    window_rows: int = 1

    @classmethod
    def for_device(cls, device: torch.device, num_slots: int) -> Shapes:
        """Return what suits a device: few shapes on GPUs, where each is a graph, small ones on CPUs."""
        if device.type != "cuda":
            return cls()
        return cls(min_rows=num_slots, kv_multiple=_CUDA_KV_MULTIPLE, window_rows=_CUDA_WINDOW_ROWS)

    def decode_shapes(self, num_slots: int, max_len: int) -> Iterator[tuple[int, int]]:
        """Yield every (rows, length of cache) that a decode step can have, the largest first."""
        for kv_len in reversed(range(self.kv_multiple, max_len + self.kv_multiple, self.kv_multiple)):
            for num_rows in range(num_slots, min(self.min_rows, num_slots) - 1, -1):
                yield num_rows, min(kv_len, max_len)

    def num_rows(self, num_used: int, num_slots: int) -> int:
        """Return the rows of a decode step over the first `num_used` slots."""
        return min(max(num_used, self.min_rows), num_slots)

    def kv_len(self, used: int, max_len: int) -> int:
        """Return how much of a cache of `max_len` to read for `used` positions."""
        return min(rounded_up(used, self.kv_multiple), max_len)

    def prompt_len(self, length: int, max_len: int) -> int:
        """Return the padded length of a prompt."""
        return min(rounded_up(length, self.prompt_multiple), max_len)
