"""Weights reordered once for the CPU's matrix units: same results but for rounding, in less time and memory.

The functions named `pack_...` replace a model's modules at load, in place. Where `can_pack`
says no, nothing is replaced and the plain modules compute.
"""

from tts_core.models.gpt_sovits.packed.memory import release_unused_memory
from tts_core.models.gpt_sovits.packed.pack import pack_layers, pack_sovits, pack_t2s
from tts_core.models.gpt_sovits.packed.support import can_pack

__all__ = ["can_pack", "pack_layers", "pack_sovits", "pack_t2s", "release_unused_memory"]
