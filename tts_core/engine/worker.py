"""A thread that does what it is asked, in order."""

from __future__ import annotations

import queue
import threading
import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, TypeVar

from tts_core.torch_threads import pin_threads

_Task = TypeVar("_Task")


class Worker(ABC, Generic[_Task]):
    """One thread, first come, first served. What waits for it is bounded by how many listeners there are.

    Args:
        name: the thread's.
        num_threads: how many threads torch uses for one operation.
    """

    def __init__(self, name: str, num_threads: int) -> None:
        self._num_threads = num_threads
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._task_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def task_age_s(self) -> float:
        """How long what is being done now has taken: a device that hangs raises nothing."""
        since = self._task_since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs: one that has died answers nobody."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask(self, task: _Task) -> None:
        """Have a task done, after those asked for before. Callable from any thread."""
        self._tasks.put(task)

    def stop(self) -> None:
        """End after what was asked for before."""
        self._tasks.put(None)

    def join(self) -> None:
        """Block until the thread has ended."""
        self._thread.join()

    def _surroundings(self) -> AbstractContextManager[object]:
        """Return what the thread works within; asked once, in the thread."""
        return nullcontext()

    @abstractmethod
    def _do(self, task: _Task) -> None:
        """Do a task, in the thread. Must not raise."""

    def _run(self) -> None:
        pin_threads(self._num_threads)
        with self._surroundings():
            while (task := self._tasks.get()) is not None:
                self._task_since = time.monotonic()
                self._do(task)
                self._task_since = None
