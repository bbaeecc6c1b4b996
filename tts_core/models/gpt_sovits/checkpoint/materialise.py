"""From a description and bytes to a torch tensor, without a copy."""

from __future__ import annotations

import torch

from tts_core.models.gpt_sovits.checkpoint.pickle_machine import TensorRef


def tensor_from_storage(storage: memoryview, reference: TensorRef) -> torch.Tensor | None:
    """Return the tensor of `reference` as a view of `storage`; None where it would reach outside."""
    dtype: torch.dtype = getattr(torch, reference.storage.dtype)
    num_elements = storage.nbytes // dtype.itemsize
    if not _fits(reference, num_elements):
        return None
    if num_elements == 0:
        return torch.empty(reference.shape, dtype=dtype)
    flat = torch.frombuffer(storage, dtype=dtype, count=num_elements)
    return flat.as_strided(reference.shape, reference.stride, reference.offset)


def _fits(reference: TensorRef, num_elements: int) -> bool:
    numbers = (reference.offset, *reference.shape, *reference.stride)
    if min(numbers) < 0 or len(reference.shape) != len(reference.stride):
        return False
    if 0 in reference.shape:
        return True
    spans = zip(reference.shape, reference.stride, strict=True)
    last = reference.offset + sum((size - 1) * step for size, step in spans)
    return last < num_elements
