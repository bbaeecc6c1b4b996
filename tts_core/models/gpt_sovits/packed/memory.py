"""Give the system back what the allocator keeps."""

from __future__ import annotations

import ctypes


def release_unused_memory() -> None:
    """Return freed memory to the system, where the C library can: glibc keeps what loading went through.

    Worth calling after what is rare and large: loading, a warm-up, a recording. Between steps, which will ask
    for the same memory again, only now and then: it takes 1 to 8 ms in a replica of 2 GiB.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
