"""ERes2NetV2 (Chen et al., 2024) up to its fused feature map, with batch normalisation folded at load."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import hardtanh, relu, silu

_CEILING = 20.0


@dataclass(frozen=True)
class ERes2NetConfig:
    """Sizes of the released `eres2netv2w24s4ep4`; the file itself holds no config."""

    channels: int = 64
    base_width: int = 24
    scale: int = 4
    expansion: int = 4
    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)


def _clipped(x: Tensor) -> Tensor:
    return hardtanh(x, 0.0, _CEILING)


class Fusion(nn.Module):
    """Weigh two maps against each other: x (1 + a) + y (1 - a), with a computed from both."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(2 * channels, channels // 4, 1)
        self.expand = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        weight = self.expand(silu(self.squeeze(torch.cat((x, y), 1)))).tanh()
        out: Tensor = x * (1.0 + weight) + y * (1.0 - weight)
        return out


class Block(nn.Module):
    """A residual block whose channels are cut into groups, each convolved together with the one before it."""

    def __init__(self, config: ERes2NetConfig, inputs: int, planes: int, stride: int, fused: bool) -> None:
        super().__init__()
        width, scale = planes * config.base_width // 64, config.scale
        outputs = planes * config.expansion
        self.width = width
        self.conv1 = nn.Conv2d(inputs, width * scale, 1, stride=stride)
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(scale))
        self.conv3 = nn.Conv2d(width * scale, outputs, 1)
        self.fuse_models = nn.ModuleList(Fusion(width) for _ in range(scale - 1)) if fused else None
        projected = stride != 1 or inputs != outputs
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride) if projected else None

    def forward(self, x: Tensor) -> Tensor:
        groups = torch.split(_clipped(self.conv1(x)), self.width, dim=1)
        done = [_clipped(self.convs[0](groups[0]))]
        for index, group in enumerate(groups[1:]):
            merged = (
                done[-1] + group if self.fuse_models is None else self.fuse_models[index](done[-1], group)
            )
            done.append(_clipped(self.convs[index + 1](merged)))
        kept = x if self.shortcut is None else self.shortcut(x)
        return _clipped(self.conv3(torch.cat(done, 1)) + kept)


class ERes2NetV2(nn.Module):
    """Filter banks to the flattened map that v2Pro and v2ProPlus take a speaker from."""

    def __init__(self, config: ERes2NetConfig) -> None:
        super().__init__()
        planes = [config.channels << level for level in range(4)]
        inputs = [config.channels] + [count * config.expansion for count in planes]
        self.conv1 = nn.Conv2d(1, config.channels, 3, padding=1)
        self.layer1 = _stage(config, 0, inputs[0], planes[0])
        self.layer2 = _stage(config, 1, inputs[1], planes[1])
        self.layer3 = _stage(config, 2, inputs[2], planes[2])
        self.layer4 = _stage(config, 3, inputs[3], planes[3])
        self.layer3_ds = nn.Conv2d(inputs[3], inputs[4], 3, padding=1, stride=2, bias=False)
        self.fuse34 = Fusion(inputs[4])

    def forward(self, filter_banks: Tensor) -> Tensor:
        """Return (rows, 2048 * 10) for (rows, frames, 80): channels times bands, averaged over time."""
        x = relu(self.conv1(filter_banks.transpose(1, 2).unsqueeze(1)))
        third = self.layer3(self.layer2(self.layer1(x)))
        fused: Tensor = self.fuse34(self.layer4(third), self.layer3_ds(third))
        return fused.flatten(1, 2).mean(-1)


def _stage(config: ERes2NetConfig, level: int, inputs: int, planes: int) -> nn.Sequential:
    outputs, fused = planes * config.expansion, level >= 2
    first = Block(config, inputs, planes, 1 if level == 0 else 2, fused)
    rest = (Block(config, outputs, planes, 1, fused) for _ in range(config.blocks[level] - 1))
    return nn.Sequential(first, *rest)
