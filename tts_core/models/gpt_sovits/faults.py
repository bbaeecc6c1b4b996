"""Which failures end one request, and which end the engine."""

from __future__ import annotations

import torch

_DEVICE_WORDS = (
    "cuda error",
    "cuda driver error",
    "device-side assert",
    "cublas",
    "cudnn",
    "illegal memory access",
    "hip error",
)


class EngineFault(Exception):
    """Nothing more can be computed in this process. Its message says what was being done, and for whom."""


def is_device_fault(error: BaseException) -> bool:
    """Whether the device can't be trusted any more, so that nothing later in this process can.

    After such an error every further call on the device fails, or worse, doesn't. Running out of memory is
    not one of them: the allocation alone has failed.
    """
    if isinstance(error, torch.OutOfMemoryError):
        return False
    accelerator_error = getattr(torch, "AcceleratorError", None)  # newer than the oldest torch that we take
    if accelerator_error is not None and isinstance(error, accelerator_error):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(word in text for word in _DEVICE_WORDS)


def describe(error: BaseException) -> str:
    """Return an exception's type and message on one line."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
