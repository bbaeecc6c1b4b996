"""What is loaded when it is first wanted, while whoever wants it does something else."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

from tts_core.background import apart
from tts_core.torch_threads import pin_threads

FAILED_FOR_S = 10.0
"""How long a failure stands before loading is tried again: all who waited are told, and a damaged file isn't
read for each of them."""

_Thing = TypeVar("_Thing")


class StillLoading(Exception):
    """What is wanted is being loaded: no failure, but a reason to ask again later."""

    def __init__(self, loading: Future[_Thing]) -> None:
        super().__init__("it is being loaded")
        self._loading = loading

    def when_over(self, call: Callable[[], None]) -> None:
        """Have it said, in whatever thread, that asking again is of use."""
        self._loading.add_done_callback(lambda _: call())


class Lazily(Generic[_Thing]):
    """Something that is there, or will be once somebody has asked for it. Callable from any thread.

    Args:
        load: makes it, in a thread of its own.
        name: what it is.
    """

    def __init__(self, load: Callable[[], _Thing], name: str) -> None:
        self._load, self._name = load, name
        self._loading: Future[_Thing] | None = None
        self._began_at_s = self._over_since_s = 0.0
        self._lock = Lock()

    @property
    def is_loaded(self) -> bool:
        loading = self._loading
        return loading is not None and loading.done() and loading.exception() is None

    @property
    def loading_for_s(self) -> float:
        """How long it has been loading by now; 0.0 where nobody loads it."""
        loading = self._loading
        return 0.0 if loading is None or loading.done() else time.monotonic() - self._began_at_s

    def load(self) -> _Thing:
        """Return it, loaded here and now if it isn't there.

        Raises:
            Exception: whatever loading does.
        """
        with self._lock:
            if self._loading is None:
                loaded: Future[_Thing] = Future()
                loaded.set_result(self._load())
                self._loading = loaded
        return self._loading.result()

    def get(self) -> _Thing:
        """Return it if it is there.

        Raises:
            StillLoading: it is about to be.
            Exception: whatever loading did, within the last `FAILED_FOR_S`.
        """
        with self._lock:
            loading = self._loading
            if loading is None or self._may_try_again(loading):
                # Somebody waits for it: at a low priority it could take minutes on a busy core.
                self._began_at_s = time.monotonic()
                loading = self._loading = apart(self._load_once, f"load {self._name}", gives_way=False)
        if not loading.done():
            raise StillLoading(loading)
        return loading.result()

    def _may_try_again(self, loading: Future[_Thing]) -> bool:
        has_failed = loading.done() and loading.exception() is not None
        return has_failed and time.monotonic() - self._over_since_s > FAILED_FOR_S

    def _load_once(self) -> _Thing:
        pin_threads(1)
        try:
            return self._load()
        finally:
            self._over_since_s = time.monotonic()
