"""Replace a model's layers by packed ones, in place: there is one copy of the weights before and after."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from tts_core.models.gpt_sovits.layers import FusedConv1d, FusedLinear
from tts_core.models.gpt_sovits.packed.conv import (
    PackedConv1d,
    PackedConvTranspose1d,
    PackedWindowConv1d,
    is_packable,
)
from tts_core.models.gpt_sovits.packed.linear import FEWEST_ROWS, PackedLinear
from tts_core.models.gpt_sovits.sovits import SoVITS
from tts_core.models.gpt_sovits.sovits.generator import Generator
from tts_core.models.gpt_sovits.t2s import T2S

_FRAME_STEP = 64
_TILED_LEVEL = 1
_TILE_FRAMES = 32
"""The first upsampling alone reaches many frames, so beyond it a tile costs 9 % more than a whole window of
128 frames, which it earns back by staying in the cache. A smaller tile doesn't."""

_Packer = Callable[[nn.Module], nn.Module | None]


def pack_t2s(t2s: T2S) -> None:
    """Pack all products of T2S. It then reads prompts one by one: see `T2S.prefills_alone`."""
    pack_layers(t2s)
    t2s.prefills_alone, t2s.fewest_rows = True, FEWEST_ROWS


def pack_sovits(sovits: SoVITS) -> None:
    """Pack all products of SoVITS but the codebook's, which stays as exact as it is."""
    for part in (sovits.style, sovits.text_encoder, sovits.flow):
        pack_layers(part)
    _pack_generator(sovits.generator)
    sovits.frame_step = _FRAME_STEP


def pack_layers(module: nn.Module) -> None:
    """Pack every linear layer and convolution below `module`, for inputs of any length."""
    _replace(module, _packed)


def _pack_generator(generator: Generator) -> None:
    """Pack it for windows: each level's convolutions for that level's number of frames."""
    config = generator.config
    frames, num_blocks = _TILE_FRAMES, len(config.resblock_kernels)
    windowed = _for_windows(frames)
    generator.register_module("conv_pre", windowed(generator.conv_pre))
    generator.register_module("cond", _packed(generator.cond))
    for level, rate in enumerate(config.upsample_rates):
        generator.ups.register_module(str(level), windowed(generator.ups[level]))
        frames *= rate
        windowed = _for_windows(frames)
        for index in range(level * num_blocks, (level + 1) * num_blocks):
            _replace(generator.resblocks[index], windowed)
    generator.register_module("conv_post", windowed(generator.conv_post))
    generator.takes_rows_alone = True
    generator.tiled_level, generator.tile_frames = _TILED_LEVEL, _TILE_FRAMES


def _replace(module: nn.Module, pack: _Packer) -> None:
    for name, child in [*module.named_children()]:
        packed = pack(child)
        if packed is None:
            _replace(child, pack)
        else:
            module.register_module(name, packed)


def _packed(module: nn.Module) -> nn.Module | None:
    """Return what takes the place of `module`, or None. Only exact types: a subclass may compute more."""
    if type(module) in (nn.Linear, FusedLinear):
        assert isinstance(module, nn.Linear)
        return PackedLinear(module)
    if type(module) in (nn.Conv1d, FusedConv1d):
        assert isinstance(module, nn.Conv1d)
        return PackedConv1d(module) if is_packable(module) else None
    return None


def _for_windows(frames: int) -> _Packer:
    """Return what packs convolutions for about so many frames."""

    def pack(module: nn.Module) -> nn.Module | None:
        if isinstance(module, nn.ConvTranspose1d) and is_packable(module):
            return PackedConvTranspose1d(module, frames)
        if isinstance(module, nn.Conv1d) and is_packable(module):
            return PackedWindowConv1d(module, frames)
        return None

    return pack
