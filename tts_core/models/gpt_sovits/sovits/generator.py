"""The HiFi-GAN generator: latents to audio, as a whole or over windows."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn.functional import leaky_relu, leaky_relu_

from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.layers import FusedConv1d

_SLOPE = 0.1
_LAST_SLOPE = 0.01
_EDGE_KERNEL = 7
_EDGE = _EDGE_KERNEL // 2


class ResBlock(nn.Module):
    """Pairs of a dilated and a plain convolution, each pair with its own residual."""

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        half = kernel_size // 2
        self.convs1 = nn.ModuleList(
            FusedConv1d(
                channels, channels, kernel_size, dilation=dilation, padding=half * dilation, slope=_SLOPE
            )
            for dilation in dilations
        )
        self.convs2 = nn.ModuleList(
            FusedConv1d(channels, channels, kernel_size, padding=half) for _ in dilations
        )

    def forward(self, x: Tensor, activated: Tensor, mask: Tensor | None) -> Tensor:
        """Return as much as came in. `activated` is the masked leaky relu of `x`, which blocks share."""
        for index, (dilated, plain) in enumerate(zip(self.convs1, self.convs2, strict=True)):
            if index:
                activated = _masked(leaky_relu(x, _SLOPE), mask)
            x = plain(_masked(dilated(activated), mask), x)
        return x


class Generator(nn.Module):
    """Convolutions only, so audio depends on latents at most `receptive_field_frames` away.

    Attributes:
        receptive_field_frames: how many frames on either side an audio sample can depend on.
    """

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.upsample_channels
        widths = [channels >> level for level in range(len(config.upsample_rates) + 1)]
        self.conv_pre = nn.Conv1d(config.latent_channels, channels, _EDGE_KERNEL, padding=_EDGE)
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
        self.conv_post = nn.Conv1d(widths[-1], 1, _EDGE_KERNEL, padding=_EDGE, bias=False)
        self._reaches = _reaches(config)
        self.receptive_field_frames = self._reaches[0][0] + _EDGE

    def forward(self, latents: Tensor, style: Tensor, mask: Tensor | None = None, context: int = 0) -> Tensor:
        """Return (rows, samples) of audio between -1 and 1 for (rows, latent_channels, frames).

        Args:
            style: (rows, style_channels, 1).
            mask: (rows, 1, frames), 1 where a row's frames exist. Everything elsewhere counts as beyond the
                end, at every layer, so a row padded into a fixed shape sounds as it would alone. None: all.
            context: frames on either side that only serve the others: no audio of them is returned, and
                each layer computes no more of them than the next ones need.
        """
        margin = context
        x = self.conv_pre(_masked(latents, mask)).add_(self.cond(style))
        for level, (rate, (before, after)) in enumerate(
            zip(self.config.upsample_rates, self._reaches, strict=True)
        ):
            x, mask, margin = _trimmed(x, mask, margin, before)
            x = self.ups[level](_masked(leaky_relu_(x, _SLOPE), mask))
            mask = None if mask is None else mask.repeat_interleave(rate, dim=2)
            x, mask, margin = _trimmed(x, mask, margin * rate, after)
            x = self._blend(level, x, mask)
        x, mask, margin = _trimmed(x, mask, margin, _EDGE)
        audio: Tensor = self.conv_post(_masked(leaky_relu_(x, _LAST_SLOPE), mask))
        audio, _, _ = _trimmed(audio, None, margin, 0)
        return audio.squeeze(1).tanh()

    def _blend(self, level: int, x: Tensor, mask: Tensor | None) -> Tensor:
        count = len(self.config.resblock_kernels)
        activated = _masked(leaky_relu(x, _SLOPE), mask)
        first, *others = (self.resblocks[index] for index in range(level * count, (level + 1) * count))
        total: Tensor = first(x, activated, mask)
        for block in others:
            total = total.add_(block(x, activated, mask))
        return total.div_(count)


def _reaches(config: SoVITSConfig) -> list[tuple[int, int]]:
    """Return how far a sample reaches into each level's frames: before its upsampling, and after it."""
    block = max(map(_resblock_reach, config.resblock_kernels, config.resblock_dilations))
    reaches, reach = [], _EDGE
    for kernel, rate in reversed([*zip(config.upsample_kernels, config.upsample_rates, strict=True)]):
        after = reach + block
        reach = math.ceil((after + (kernel - rate) // 2) / rate)
        reaches.append((reach, after))
    return reaches[::-1]


def _resblock_reach(kernel: int, dilations: tuple[int, ...]) -> int:
    return (kernel // 2) * (sum(dilations) + len(dilations))


def _trimmed(x: Tensor, mask: Tensor | None, margin: int, needed: int) -> tuple[Tensor, Tensor | None, int]:
    """Cut margins down to what is needed; return them with their new width."""
    spare = margin - needed
    if spare <= 0:
        return x, mask, margin
    kept = slice(spare, x.shape[2] - spare)
    return x[:, :, kept], None if mask is None else mask[:, :, kept], needed


def _masked(x: Tensor, mask: Tensor | None) -> Tensor:
    return x if mask is None else x * mask
