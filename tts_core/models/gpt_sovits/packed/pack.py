"""Replace a model's layers by packed ones, in place: there is one copy of the weights before and after."""

from __future__ import annotations

from torch import nn

from tts_core.models.gpt_sovits.layers import FusedConv1d, FusedLinear
from tts_core.models.gpt_sovits.packed.conv import PackedConv1d, PackedConvTranspose1d, can_be_packed
from tts_core.models.gpt_sovits.packed.linear import PackedLinear
from tts_core.models.gpt_sovits.t2s import T2S

_KINDS = (nn.Linear, nn.Conv1d, nn.ConvTranspose1d, FusedLinear, FusedConv1d)


def pack_modules(module: nn.Module) -> int:
    """Pack every linear layer and convolution below `module` that can be, and return how many those are."""
    count = 0
    for name, child in module.named_children():
        packed = _packed(child)
        if packed is None:
            count += pack_modules(child)
        else:
            setattr(module, name, packed)
            count += 1
    return count


def _packed(module: nn.Module) -> nn.Module | None:
    """Return what takes the place of `module`, or None. Only exact types: a subclass may compute more."""
    if type(module) not in _KINDS:
        return None
    if isinstance(module, nn.Linear):
        return PackedLinear(module)
    if isinstance(module, nn.Conv1d) and can_be_packed(module):
        return PackedConv1d(module)
    if isinstance(module, nn.ConvTranspose1d) and can_be_packed(module):
        return PackedConvTranspose1d(module)
    return None


def pack_t2s(t2s: T2S) -> None:
    """Pack all products of T2S. It then reads prompts one by one: see `T2S.prefills_alone`."""
    pack_modules(t2s)
    t2s.prefills_alone = True
