"""What the engines of this process will want back at any moment, though it looks free now."""

from __future__ import annotations

import weakref
from threading import Lock

import torch


class Workspaces:
    """Remembers how much each engine takes and gives back: its operations, and on a CPU who is parked.

    A resting engine holds none of it: on a CPU the system counts it as available, on a GPU the allocator as
    unused, and part of it belongs to the engine's graphs, which share it with nobody. An engine that took it
    for its cache would be another one's failure in the middle of a sentence.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._sizes: weakref.WeakKeyDictionary[object, tuple[str, int]] = weakref.WeakKeyDictionary()

    def promise(self, owner: object, device: torch.device, num_bytes: int) -> None:
        """Keep so much of a device's memory for `owner`, for as long as it lives."""
        with self._lock:
            self._sizes[owner] = (device.type, num_bytes)

    def promised(self, device: torch.device) -> int:
        """Return how many bytes of a device's memory are promised in all."""
        with self._lock:
            return sum(size for kind, size in self._sizes.values() if kind == device.type)


WORKSPACES = Workspaces()
"""Those of this process. Memory is the process's, so there is one account of it."""
