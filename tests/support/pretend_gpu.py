"""A GPU that computes nothing: its tensors have shapes, types and places, but no values.

It shows without any GPU what a real one would refuse: operands in two places, and waiting for the device in
what is recorded as a graph.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import numpy as np
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, unset_fake_temporarily
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tts_core.models.gpt_sovits import features

GPU = torch.device("cuda", 0)
_GUARDS = "_ZN3c104impl26device_guard_impl_registryE"
_CPU_INDEX, _CUDA_INDEX = 0, 1
_NUMPY_OF = {
    torch.int64: np.int64,
    torch.uint8: np.uint8,
    torch.float32: np.float32,
    torch.float16: np.float16,
}


class Waits(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every operation in which the host waits for the device.

    Attributes:
        names: of these operations, in their order.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        places = {one.device.type for one in tree_leaves((args, kwargs, result)) if isinstance(one, Tensor)}
        # A number to fill with goes along with the kernel; what is copied without blocking isn't waited for.
        if len(places) > 1 and not str(func).startswith("aten.fill_") and not _is_non_blocking(args, kwargs):
            self.names.append(str(func))
        return result

    def taken(self) -> list[str]:
        """Return the names since the last call."""
        names, self.names = self.names, []
        return names


def _is_non_blocking(args: Any, kwargs: Any) -> bool:
    return kwargs.get("non_blocking", False) or args[-1] is True


@contextlib.contextmanager
def pretend_gpu() -> Iterator[Waits]:
    """Let `GPU` be used in this thread. Every tensor made meanwhile is without values, those on CPUs too."""
    waits = Waits()
    _guard_cuda()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_patched(waits))
        mode = stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        stack.enter_context(patch.object(features, "_load", _loading_for(mode, features._load)))
        stack.enter_context(waits)
        yield waits


def _guard_cuda() -> None:
    """Let a build of PyTorch without CUDA index tensors that are said to be there.

    Builds with CUDA do this themselves where there is no device.
    """
    path = Path(torch.__file__).with_name("lib") / "libc10.so"
    guards = (ctypes.c_void_p * (_CUDA_INDEX + 1)).in_dll(ctypes.CDLL(str(path)), _GUARDS)
    if not guards[_CUDA_INDEX]:
        guards[_CUDA_INDEX] = guards[_CPU_INDEX]


@contextlib.contextmanager
def _patched(waits: Waits) -> Iterator[None]:
    """Replace what asks for values, or for a device by other ways than a tensor's."""
    numpy, tensor_of, generator = Tensor.numpy, torch.tensor, MagicMock()
    generator().manual_seed.return_value = None
    stream, none = MagicMock(), MagicMock(return_value=0)
    stream().synchronize.side_effect = lambda: waits.names.append("synchronize")

    def to_numpy(tensor: Tensor) -> Any:
        is_fake = isinstance(tensor, FakeTensor)
        return np.zeros(tuple(tensor.shape), _NUMPY_OF[tensor.dtype]) if is_fake else numpy(tensor)

    def to_list(tensor: Tensor) -> Any:
        waits.names.append("tolist")
        return np.ones(tuple(tensor.shape), np.int64).tolist()

    def of_data(data: Any, *, device: Any = None, **options: Any) -> Tensor:
        if device != GPU:
            return tensor_of(data, device=device, **options)
        return torch.zeros(np.shape(data), dtype=torch.int64).to(GPU)

    with (
        patch.object(Tensor, "numpy", to_numpy),
        patch.object(FakeTensor, "tolist", to_list),
        patch.multiple(torch, tensor=of_data, equal=lambda one, other: True, Generator=generator),
        patch.multiple(torch.cuda, current_stream=stream, reset_peak_memory_stats=MagicMock()),
        patch.multiple(torch.cuda, memory_reserved=none, memory_allocated=none, max_memory_allocated=none),
        patch.object(torch.cuda, "mem_get_info", lambda device: (80 << 30, 80 << 30)),
    ):
        yield


def _loading_for(mode: FakeTensorMode, load: Callable[..., Any]) -> Callable[..., Any]:
    """Return what reads side models as always, and then puts what they are made of onto the GPU."""

    def load_side_model(*args: Any, **options: Any) -> Any:
        with unset_fake_temporarily():
            model = load(*args, **options)
        for module in model.modules():
            for name, value in module._parameters.items():
                if value is not None:
                    moved = mode.from_tensor(value.detach()).to(GPU)
                    module._parameters[name] = nn.Parameter(moved, requires_grad=False)
            for name, value in module._buffers.items():
                module._buffers[name] = None if value is None else mode.from_tensor(value).to(GPU)
        model.to = lambda device: model
        return model

    return load_side_model
