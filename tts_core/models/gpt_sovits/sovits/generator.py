"""The HiFi-GAN generator: latents to audio, as a whole or over windows."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn.functional import leaky_relu, leaky_relu_

from tts_core.models.gpt_sovits.config import SoVITSConfig

_SLOPE = 0.1
_LAST_SLOPE = 0.01
_EDGE_KERNEL = 7


class ResBlock(nn.Module):
    """Pairs of a dilated and a plain convolution, each pair with its own residual."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        half = kernel_size // 2
        self.convs1 = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=half * dilation)
            for dilation in dilations
        )
        self.convs2 = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, padding=half) for _ in dilations
        )

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            hidden = dilated(_masked(leaky_relu(x, _SLOPE), mask))
            x = plain(_masked(leaky_relu_(hidden, _SLOPE), mask)).add_(x)
        return x


class Generator(nn.Module):
    """Convolutions only, so audio depends on latents at most `receptive_field_frames` away."""

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.upsample_channels
        widths = [channels >> level for level in range(len(config.upsample_rates) + 1)]
        edge = _EDGE_KERNEL // 2
        self.conv_pre = nn.Conv1d(config.latent_channels, channels, _EDGE_KERNEL, padding=edge)
        self.cond = nn.Conv1d(config.style_channels, channels, 1)
        ups = zip(config.upsample_kernels, config.upsample_rates, widths, widths[1:], strict=False)
        self.ups = nn.ModuleList(
            nn.ConvTranspose1d(wide, narrow, kernel, rate, padding=(kernel - rate) // 2)
            for kernel, rate, wide, narrow in ups
        )
        self.resblocks = nn.ModuleList(
            ResBlock(width, kernel, dilations)
            for width in widths[1:]
            for kernel, dilations in zip(config.resblock_kernels, config.resblock_dilations, strict=True)
        )
        self.conv_post = nn.Conv1d(widths[-1], 1, _EDGE_KERNEL, padding=edge, bias=False)

    @property
    def receptive_field_frames(self) -> int:
        """How many frames of latents on either side an audio sample can depend on."""
        config = self.config
        edge = _EDGE_KERNEL // 2
        block = max(map(_resblock_reach, config.resblock_kernels, config.resblock_dilations))
        reach, rate = float(edge), 1
        for kernel, factor in zip(config.upsample_kernels, config.upsample_rates, strict=True):
            reach += math.ceil(kernel / 2 / factor) / rate
            rate *= factor
            reach += block / rate
        return math.ceil(reach + edge / rate)

    def forward(self, latents: Tensor, style: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return (rows, samples) of audio between -1 and 1 for (rows, latent_channels, frames).

        Args:
            style: (rows, style_channels, 1).
            mask: (rows, 1, frames), 1 where a row's frames exist. Everything elsewhere counts as beyond the
                end, at every layer, so a row padded into a fixed shape sounds as it would alone. None: all.
        """
        x = self.conv_pre(_masked(latents, mask)) + self.cond(style)
        for level, upsample in enumerate(self.ups):
            x = upsample(_masked(leaky_relu_(x, _SLOPE), mask))
            if mask is not None:
                mask = mask.repeat_interleave(self.config.upsample_rates[level], dim=2)
            x = self._blend(level, x, mask)
        audio: Tensor = self.conv_post(_masked(leaky_relu_(x, _LAST_SLOPE), mask))
        return audio.tanh_().squeeze(1)

    def _blend(self, level: int, x: Tensor, mask: Tensor | None) -> Tensor:
        count = len(self.config.resblock_kernels)
        first, *others = (self.resblocks[index] for index in range(level * count, (level + 1) * count))
        total: Tensor = first(x, mask)
        for block in others:
            total = total.add_(block(x, mask))
        return total.div_(count)


def _masked(x: Tensor, mask: Tensor | None) -> Tensor:
    return x if mask is None else x * mask


def _resblock_reach(kernel: int, dilations: tuple[int, ...]) -> int:
    return (kernel // 2) * (sum(dilations) + len(dilations))
