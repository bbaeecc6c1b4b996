"""How many threads torch shares an operation among: a number of each thread's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def pin_threads(count: int) -> None:
    """Let torch use so many for whatever the calling thread computes from now on.

    A thread that has never looked takes the number that any thread has set last, when it first computes: even
    if it has set its own before. So it looks first.
    """
    torch.get_num_threads()
    torch.set_num_threads(count)


@contextmanager
def in_threads(count: int) -> Iterator[None]:
    """Let torch use so many for what the calling thread, which is pinned, computes meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
