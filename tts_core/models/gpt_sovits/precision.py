"""Which precision a machine computes in natively."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["auto", "float32", "bfloat16", "float16"]


def resolve_precision(precision: Precision, device: torch.device | str) -> torch.dtype:
    """Return the type that a model's weights are held in.

    "auto" is half the size of float32 wherever that is the faster one, too: bfloat16 on CPUs with
    instructions for it and on GPUs that have it, float16 on older GPUs, and float32 elsewhere.
    """
    if precision != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]
    if torch.device(device).type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.bfloat16 if _cpu_has_bfloat16() else torch.float32


def _cpu_has_bfloat16() -> bool:
    return cpu_has("_is_avx512_bf16_supported")


def cpu_has(question: str) -> bool:
    """Whether there are certain instructions: torch knows, but says so only in private, under this name."""
    has = getattr(torch.cpu, question, None)
    return bool(has is not None and has())
