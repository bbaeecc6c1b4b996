"""The HiFi-GAN generator: latents to audio, as a whole or over windows."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, leaky_relu_, pad

from tts_core.models.gpt_sovits.config import SoVITSConfig
from tts_core.models.gpt_sovits.layers import FusedConv1d
from tts_core.models.gpt_sovits.sovits.extent import Extent, extent_of

_SLOPE = 0.1
_LAST_SLOPE = 0.01
_EDGE_KERNEL = 7
_EDGE = _EDGE_KERNEL // 2


class ResBlock(nn.Module):
    """Pairs of a dilated and a plain convolution, each pair with its own residual.

    Convolutions have no margins: what comes out is shorter by `reach` on either side.
    """

    def __init__(self, channels: int, kernel_size: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.reach = _resblock_reach(kernel_size, dilations)
        self._half, self._dilations = kernel_size // 2, dilations
        self.convs1 = nn.ModuleList(
            FusedConv1d(channels, channels, kernel_size, dilation=dilation, slope=_SLOPE)
            for dilation in dilations
        )
        self.convs2 = nn.ModuleList(FusedConv1d(channels, channels, kernel_size) for _ in dilations)

    def forward(self, x: Tensor, activated: Tensor, extent: Extent) -> Tensor:
        """`activated` is the cleared leaky relu of `x`, which blocks share."""
        for index, dilation in enumerate(self._dilations):
            if index:
                activated = extent.clear(leaky_relu(x, _SLOPE))
            wide = self._half * dilation
            extent = extent.trimmed(wide, x.shape[2] - 2 * wide)
            hidden = extent.clear(self.convs1[index](activated))
            x = self.convs2[index](hidden, _middle(x, wide + self._half))
            extent = extent.trimmed(self._half, x.shape[2])
        return x


class Generator(nn.Module):
    """Convolutions only, so audio depends on latents at most `receptive_field_frames` away.

    Attributes:
        receptive_field_frames: how many frames on either side an audio sample can depend on.
        takes_rows_alone: whether rows are computed one by one. That makes a row independent of the others
            whatever the convolutions are made of, and machine code for other numbers of rows superfluous.
        tile_frames: how many frames the levels from `tiled_level` on take at once, 0 for all. Tiles stay in
            the processor's cache, and windows of all sizes share their machine code.
    """

    takes_rows_alone = False
    tiled_level = 0
    tile_frames = 0

    def __init__(self, config: SoVITSConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.upsample_channels
        widths = [channels >> level for level in range(len(config.upsample_rates) + 1)]
        self.conv_pre = nn.Conv1d(config.latent_channels, channels, _EDGE_KERNEL)
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
        self.conv_post = nn.Conv1d(widths[-1], 1, _EDGE_KERNEL, bias=False)
        self._reaches = _reaches(config)
        self.receptive_field_frames = self._reaches[0][0] + _EDGE

    def forward(self, latents: Tensor, style: Tensor, mask: Tensor | None = None, context: int = 0) -> Tensor:
        """Return (rows, samples) of audio between -1 and 1 for (rows, latent_channels, frames).

        Args:
            style: (rows, style_channels, 1).
            mask: (rows, 1, frames), 1 where a row's frames exist, else 0. Everything elsewhere counts as
                beyond the end, at every layer, so a row padded into a fixed shape sounds as it would alone.
                None: all exist.
            context: frames on either side that only serve the others: no audio of them is returned, and
                each layer computes no more of them than the next ones need. With less context than the
                receptive field, nothing exists beyond it.
        """
        if self.takes_rows_alone and len(latents) > 1:
            rows = (slice(row, row + 1) for row in range(len(latents)))
            return torch.cat(
                [self(latents[i], style[i], None if mask is None else mask[i], context) for i in rows]
            )
        latents, mask = self._with_context(latents, mask, context)
        x = self.conv_pre(latents if mask is None else latents * mask).add_(self.cond(style))
        extent = extent_of(mask).trimmed(_EDGE, x.shape[2])
        x, levels = extent.clear(leaky_relu_(x, _SLOPE)), range(len(self._reaches))
        for level in levels[: self.tiled_level]:
            x, extent = self._upsample(level, x, extent)
        return torch.cat([self._finish(*tile) for tile in self._tiles(x, extent)], 1)

    def _tiles(self, x: Tensor, extent: Extent) -> Iterator[tuple[Tensor, Extent]]:
        """Yield what the last levels take at once: tiles that overlap by what these levels reach."""
        if not self.tile_frames:
            yield x, extent
            return
        overlap = 2 * self._reaches[self.tiled_level][0]
        rate = math.prod(self.config.upsample_rates[: self.tiled_level])
        step = self.tile_frames * rate
        for start in range(0, x.shape[2] - overlap, step):
            tile = x[:, :, start : start + step + overlap]
            yield tile, extent.trimmed(start, tile.shape[2])

    def _finish(self, x: Tensor, extent: Extent) -> Tensor:
        for level in range(self.tiled_level, len(self._reaches)):
            x, extent = self._upsample(level, x, extent)
        audio: Tensor = self.conv_post(x)
        return audio.squeeze(1).tanh()

    def _upsample(self, level: int, activated: Tensor, extent: Extent) -> tuple[Tensor, Extent]:
        """Run one level: from activated frames to activated frames, with what the next levels reach."""
        (before, after), rate = self._reaches[level], self.config.upsample_rates[level]
        spare = before * rate - after
        x = _middle(self.ups[level](activated), spare)
        x, extent = self._blend(level, x, extent.stretched(rate).trimmed(spare, x.shape[2]))
        slope = _SLOPE if level + 1 < len(self._reaches) else _LAST_SLOPE
        return extent.clear(leaky_relu_(x, slope)), extent

    def _with_context(
        self, latents: Tensor, mask: Tensor | None, context: int
    ) -> tuple[Tensor, Tensor | None]:
        """Return both with exactly as much context as counts: masked where there is none, or cut."""
        missing = self.receptive_field_frames - context
        if missing > 0 and mask is None:
            mask = torch.ones_like(latents[:, :1])
        margins = (missing, missing)
        return pad(latents, margins), None if mask is None else pad(mask, margins)

    def _blend(self, level: int, x: Tensor, extent: Extent) -> tuple[Tensor, Extent]:
        """Return the mean of a level's blocks, which is shorter by the widest one's reach."""
        blocks = self._blocks(level)
        activated = extent.clear(leaky_relu(x, _SLOPE))
        widest = max(block.reach for block in blocks)
        total: Tensor | None = None
        for block in blocks:
            cut = widest - block.reach
            inner = extent.trimmed(cut, x.shape[2] - 2 * cut)
            out: Tensor = block(_middle(x, cut), _middle(activated, cut), inner)
            total = out if total is None else total.add_(out)
        assert total is not None
        return total.div_(len(blocks)), extent.trimmed(widest, total.shape[2])

    def _blocks(self, level: int) -> list[ResBlock]:
        count = len(self.config.resblock_kernels)
        return list(self.resblocks[level * count : (level + 1) * count])  # type: ignore[arg-type]


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


def _middle(x: Tensor, cut: int) -> Tensor:
    """Return (rows, channels, frames) without `cut` frames on either side."""
    return x[:, :, cut : x.shape[2] - cut]
