"""The normalising flow, run backwards: from the text encoder's latents to the generator's."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tts_core.models.gpt_sovits.config import SoVITSConfig


class GatedStack(nn.Module):
    """WaveNet layers without dilation: gated convolutions with a residual and a skip path."""

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        hidden, layers, kernel = config.hidden_channels, config.flow_layers, config.flow_kernel
        self.hidden = hidden
        self.cond_layer = nn.Conv1d(config.style_channels, 2 * hidden * layers, 1)
        self.in_layers = nn.ModuleList(
            nn.Conv1d(hidden, 2 * hidden, kernel, padding=kernel // 2) for _ in range(layers)
        )
        self.res_skip_layers = nn.ModuleList(
            nn.Conv1d(hidden, hidden if index == layers - 1 else 2 * hidden, 1) for index in range(layers)
        )

    def forward(self, x: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        conditions = self.cond_layer(style).chunk(len(self.in_layers), dim=1)
        skipped = torch.zeros_like(x)
        layers = zip(self.in_layers, self.res_skip_layers, conditions, strict=True)
        for convolve, split, condition in layers:
            signal, gate = (convolve(x) + condition).chunk(2, dim=1)
            out = split(signal.tanh() * gate.sigmoid())
            skipped = skipped + out[:, -self.hidden :]
            if out.shape[1] > self.hidden:
                x = (x + out[:, : self.hidden]) * mask
        return skipped * mask


class Coupling(nn.Module):
    """One affine coupling without scale: half of the channels shift the other half."""

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        half = config.latent_channels // 2
        self.pre = nn.Conv1d(half, config.hidden_channels, 1)
        self.enc = GatedStack(config)
        self.post = nn.Conv1d(config.hidden_channels, half, 1)

    def forward(self, x: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        kept, moved = x.chunk(2, dim=1)
        shift = self.post(self.enc(self.pre(kept) * mask, mask, style)) * mask
        return torch.cat((kept, (moved - shift) * mask), dim=1)


class Flow(nn.Module):
    """Couplings, last one first, with the channels reversed before each."""

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        # Checkpoints count a parameterless reversal after each coupling, so couplings have even numbers.
        self.flows = nn.ModuleDict({str(2 * index): Coupling(config) for index in range(config.num_flows)})

    def forward(self, x: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """Return (rows, latent_channels, frames) for a mask (rows, 1, frames) and a style (rows, C, 1)."""
        for coupling in reversed(list(self.flows.values())):
            x = coupling(x.flip(1), mask, style)
        return x
