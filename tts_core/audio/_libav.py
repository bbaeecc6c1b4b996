"""Two habits of libav that every user of it here needs to know about."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import av


@contextmanager
def without_thread_pool() -> Iterator[None]:
    """Keep libav from starting one idle thread per core for each filter graph that is built inside.

    A graph sizes its pool by the cores that the calling thread may use, and PyAV builds graphs of its own
    inside `encode` that take no setting. On a machine with many cores that would be 16 threads per listener,
    so the calling thread, and no other, is confined to one core for these microseconds.
    """
    if sys.platform != "linux":
        yield
        return
    allowed = os.sched_getaffinity(0)
    with suppress(PermissionError):  # a sandbox may forbid it: more threads, same audio
        os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        with suppress(PermissionError):
            os.sched_setaffinity(0, allowed)


def drain(graph: av.filter.Graph) -> Iterator[av.AudioFrame]:
    """Yield the frames that a filter graph has ready."""
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield frame
