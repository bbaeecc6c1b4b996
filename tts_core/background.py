"""Work beside those who speak, that gives way to them: in threads of low priority."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

NICENESS = 10
"""Against a thread that speaks on the same core, such a one gets a tenth of it; what nobody uses, it gets
whole. At 19 it would get a hundredth, and on a busy machine a model would take minutes to load."""

_MOST = 19

_Result = TypeVar("_Result")


def give_way() -> None:
    """Lower the calling thread's priority, for good: only a privileged process could raise it again.

    Threads that it starts inherit that. Where priorities belong to whole processes (anywhere but on Linux),
    nothing changes.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        niceness = min(_MOST, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
        os.setpriority(os.PRIO_PROCESS, thread, niceness)


def apart(work: Callable[[], _Result], name: str, *, gives_way: bool) -> Future[_Result]:
    """Do `work` in a thread of its own, and return what it will come to.

    Args:
        name: the thread's.
        gives_way: whether at low priority.
    """
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            if gives_way:
                give_way()
            future.set_result(work())
        except BaseException as error:  # whoever waits is to know, whatever it is
            future.set_exception(error)

    # A process that ends doesn't wait for what nobody will use.
    threading.Thread(target=run, name=name, daemon=True).start()
    return future


async def await_apart(work: Callable[[], _Result], name: str, *, gives_way: bool) -> _Result:
    """The same, awaited. Who is cancelled leaves the thread to end by itself, its result unused."""
    future = apart(work, name, gives_way=gives_way)
    return await asyncio.shield(asyncio.wrap_future(future))
