"""One transformer layer of T2S, over a whole prompt or for one step against the cache."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from tts_core.models.gpt_sovits.config import T2SConfig
from tts_core.models.gpt_sovits.decode_attention import Step
from tts_core.models.gpt_sovits.kv_cache import KVCache
from tts_core.models.gpt_sovits.layers import FusedLinear, filled_up


class T2SLayer(nn.Module):
    """Post-norm: x = LN1(x + attention(x)), then x = LN2(x + W2 relu(W1 x)).

    Every matrix product is an attribute (`qkv`, `out`, `expand`, `contract`), so that packed products can
    take their places.
    """

    def __init__(self, config: T2SConfig, index: int) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.index = index
        self.num_heads = config.num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = FusedLinear(dim, dim)
        self.expand = FusedLinear(dim, 4 * dim, with_relu=True)
        self.contract = FusedLinear(4 * dim, dim)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)

    def prefill(self, x: Tensor, mask: Tensor, cache: KVCache, slots: Tensor) -> Tensor:
        """Return (rows, length, dim), leaving keys and values in `slots`. Mask: (rows, 1, length, length)."""
        query, key, value = self._heads(x)
        cache.write_prompt(self.index, slots, key, value)
        attended = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self._finish(x, attended)

    def step(self, x: Tensor, step: Step, cache: KVCache) -> Tensor:
        """Return (rows, dim), having written each row's key and value at its position.

        Rows of `x` beyond those of the step fill it up, and are computed for nothing.
        """
        rows, dim = len(step.positions), x.shape[1]
        fused: Tensor = self.qkv(x)
        split = fused[:rows].view(rows, 3, self.num_heads, dim // self.num_heads)
        cache.write_step(self.index, step.positions, split[:, 1:])
        attended = cache.attend(self.index, split[:, 0].unsqueeze(2), step).view(rows, dim)
        return self._normed(x, filled_up(attended, len(x)))

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, length, dim = x.shape
        fused: Tensor = self.qkv(x)
        split = fused.view(rows, length, 3, self.num_heads, dim // self.num_heads).permute(2, 0, 3, 1, 4)
        return split[0], split[1], split[2]

    def _finish(self, x: Tensor, attended: Tensor) -> Tensor:
        return self._normed(x, attended.transpose(1, 2).reshape(x.shape))

    def _normed(self, x: Tensor, attended: Tensor) -> Tensor:
        x = self.norm1(self.out(attended, x))
        result: Tensor = self.norm2(self.contract(self.expand(x), x))
        return result


def sine_table(num_positions: int, dim: int) -> Tensor:
    """Return the (positions, dim) table whose even columns are sines and odd columns cosines."""
    positions = torch.arange(num_positions, dtype=torch.float32).unsqueeze(1)
    rates = torch.exp(torch.arange(0, dim, 2, dtype=torch.float32) * -(math.log(10000.0) / dim))
    angles = positions * rates
    return torch.stack((angles.sin(), angles.cos()), dim=2).flatten(1)
