"""Memory of the host that is taken from the system only where it is written to, and can be given back."""

from __future__ import annotations

import mmap
import sys

import torch


class LazyRows:
    """Rows of zeros. Each has its room from the start, and takes memory from when it is written to.

    Reading a row that nobody has written to takes none.

    Attributes:
        rows: (count, size).

    Args:
        count: how many, at least one.
        size: values in each of them.

    Raises:
        OutOfMemoryError: the system doesn't let this process have the room.
    """

    def __init__(self, count: int, size: int, dtype: torch.dtype) -> None:
        # A row begins with a page, since whole pages are what is given back.
        self._stride = -(-size * dtype.itemsize // mmap.PAGESIZE) * mmap.PAGESIZE
        self._map = _new_map(count * self._stride)
        self.rows = torch.frombuffer(self._map, dtype=dtype).view(count, -1)[:, :size]

    def release(self, row: int) -> None:
        """Make a row zeros again, and give its memory back to the system, where that is Linux."""
        if sys.platform == "linux":
            self._map.madvise(mmap.MADV_DONTNEED, row * self._stride, self._stride)
        else:  # where this is advice that may be left unheeded
            self.rows[row] = 0


def _new_map(num_bytes: int) -> mmap.mmap:
    try:
        # Private: what is shared stays when it is given back.
        return mmap.mmap(-1, num_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise torch.OutOfMemoryError(f"{num_bytes} bytes of the host's memory: {error}") from error
