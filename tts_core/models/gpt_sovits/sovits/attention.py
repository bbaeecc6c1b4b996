"""The encoder of VITS: attention with embeddings of near positions, and convolutional feed-forward layers.

Tensors are (rows, channels, frames); masks are (rows, 1, frames) of 1 and 0.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, pad

from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.layers import FusedConv1d

MASKED_SCORE = -1e4


class ChannelNorm(nn.Module):
    """Layer normalisation over channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(channels))
        self.beta = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = layer_norm(x.transpose(1, 2), self.gamma.shape, self.gamma, self.beta)
        return x.transpose(1, 2)


class Attention(nn.Module):
    """Scaled dot-product attention from `x` to `context`; subclasses may look at neighbours more closely."""

    def __init__(self, channels: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.conv_q = nn.Conv1d(channels, channels, 1)
        self.conv_k = nn.Conv1d(channels, channels, 1)
        self.conv_v = nn.Conv1d(channels, channels, 1)
        self.conv_o = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor, context: Tensor, hidden: Tensor) -> Tensor:
        """Return (rows, channels, frames of x).

        Args:
            hidden: (rows, 1, frames of x, frames of context), whether one doesn't see the other.
        """
        query, key, value = self.conv_q(x), self.conv_k(context), self.conv_v(context)
        query, key, value = self._heads(query), self._heads(key), self._heads(value)
        query = query / math.sqrt(query.shape[-1])
        scores = query @ key.transpose(2, 3) + self.neighbour_scores(query)
        weights = scores.masked_fill_(hidden, MASKED_SCORE).softmax(dim=-1)
        attended = weights @ value + self.neighbour_values(weights)
        out: Tensor = self.conv_o(attended.transpose(2, 3).reshape(x.shape))
        return out

    def neighbour_scores(self, query: Tensor) -> Tensor | float:
        """Return what to add to the scores (rows, heads, T, T), for `query` (rows, heads, T, dim)."""
        return 0.0

    def neighbour_values(self, weights: Tensor) -> Tensor | float:
        """Return what to add to the values (rows, heads, T, dim), for `weights` (rows, heads, T, T)."""
        return 0.0

    def _heads(self, x: Tensor) -> Tensor:
        rows, channels, frames = x.shape
        return x.view(rows, self.num_heads, channels // self.num_heads, frames).transpose(2, 3)


class NeighbourAttention(Attention):
    """Self-attention with embeddings of relative positions up to `window` frames away (Shaw et al., 2018)."""

    def __init__(self, channels: int, num_heads: int, window: int) -> None:
        super().__init__(channels, num_heads)
        self.window = window
        shape = (1, 2 * window + 1, channels // num_heads)
        self.emb_rel_k = nn.Parameter(torch.empty(shape))
        self.emb_rel_v = nn.Parameter(torch.empty(shape))

    def neighbour_scores(self, query: Tensor) -> Tensor:
        near = query @ self.emb_rel_k.transpose(1, 2)
        rows, heads, frames, _ = query.shape
        band = query.new_zeros(rows, heads, frames, frames + 2 * self.window)
        band.scatter_(3, self._band_columns(near), near)
        return band[..., self.window : self.window + frames]

    def neighbour_values(self, weights: Tensor) -> Tensor:
        padded = pad(weights, (self.window, self.window))
        rows, heads, frames, _ = weights.shape
        near = weights.new_empty(()).expand(rows, heads, frames, 2 * self.window + 1)
        return padded.gather(3, self._band_columns(near)) @ self.emb_rel_v

    def _band_columns(self, near: Tensor) -> Tensor:
        """Return where, in rows padded by `window` on both sides, each frame's neighbours lie."""
        frames, width = near.shape[-2:]
        first = torch.arange(frames, device=near.device).unsqueeze(1)
        return (first + torch.arange(width, device=near.device)).expand(near.shape)


class FeedForward(nn.Module):
    """Two convolutions over frames, as long as they came in."""

    def __init__(self, channels: int, hidden: int, kernel_size: int) -> None:
        super().__init__()
        margin = (kernel_size - 1) // 2
        self.is_even = kernel_size % 2 == 0
        self.conv_1 = FusedConv1d(channels, hidden, kernel_size, padding=margin, slope=0.0)
        self.conv_2 = FusedConv1d(hidden, channels, kernel_size, padding=margin)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.conv_1(self._even(x * mask))
        x = self.conv_2(self._even(x * mask))
        return x * mask

    def _even(self, x: Tensor) -> Tensor:
        """An even kernel sees one more frame after its own than before it."""
        return pad(x, (0, 1)) if self.is_even else x


class Encoder(nn.Module):
    """Post-norm layers of neighbour attention and feed-forward convolutions."""

    def __init__(self, config: SoVITSConfig, num_layers: int) -> None:
        super().__init__()
        channels = config.hidden_channels
        layers = range(num_layers)
        self.attn_layers = nn.ModuleList(
            NeighbourAttention(channels, config.num_heads, config.attention_window) for _ in layers
        )
        self.norm_layers_1 = nn.ModuleList(ChannelNorm(channels) for _ in layers)
        self.ffn_layers = nn.ModuleList(
            FeedForward(channels, config.ffn_channels, config.kernel_size) for _ in layers
        )
        self.norm_layers_2 = nn.ModuleList(ChannelNorm(channels) for _ in layers)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        hidden = unseen(mask, mask)
        x = x * mask
        layers = zip(self.attn_layers, self.norm_layers_1, self.ffn_layers, self.norm_layers_2, strict=True)
        for attend, norm_1, feed, norm_2 in layers:
            x = norm_1(x + attend(x, x, hidden))
            x = norm_2(x + feed(x, mask))
        return x * mask


def unseen(mask: Tensor, context_mask: Tensor) -> Tensor:
    """Return (rows, 1, frames, context frames): False where both exist, for masks (rows, 1, frames)."""
    return (mask.transpose(1, 2) * context_mask == 0).unsqueeze(1)
