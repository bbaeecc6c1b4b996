"""Give the system back what the allocator keeps."""

from __future__ import annotations

import ctypes
import gc


def release_unused_memory() -> None:
    """Return freed memory to the system, where the C library can: glibc keeps what loading went through.

    Takes milliseconds. Worth calling after loading and after a warm-up, not while speaking: the next
    operations would ask for the same memory again.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
