"""What another thread computes on a GPU, kept beside the engine's own work."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


class SideStream:
    """A queue of work on a device, beside the queue of the engine's thread, which is the default one.

    On a CPU threads are enough, and this does nothing. Make it in the thread that uses it.

    Args:
        device: where the work is done.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._main = torch.cuda.default_stream(device)
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            self._stream.wait_stream(self._main)  # the weights are there

    def entered(self) -> AbstractContextManager[object]:
        """Return a context in which this thread's work goes into the queue."""
        return nullcontext() if self._stream is None else torch.cuda.stream(self._stream)

    def hand_over(self, *tensors: Tensor) -> None:
        """Wait until the work is done, and let the engine's thread have its results.

        Their memory isn't given to anyone else before the engine's work on them is done.
        """
        if self._stream is None:
            return
        self._stream.synchronize()
        for tensor in tensors:
            tensor.record_stream(self._main)
