"""The one thread that computes speech, and what may be asked of it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from tts_core.engine.engine import Engine
from tts_core.models.gpt_sovits.faults import EngineFault, describe
from tts_core.models.gpt_sovits.packed import release_unused_memory
from tts_core.torch_threads import pin_threads

Command = Callable[[Engine], None]

REST_AFTER_S = 2.0
TIDY_EVERY_S = 30.0
"""How often memory goes back while there is no rest. It takes milliseconds, and what listeners of all lengths
leave behind would otherwise grow for hours."""


class Events(Protocol):
    """What the thread has to say about itself. Called in the event loop."""

    def on_ready(self, error: BaseException | None) -> None: ...
    def on_fault(self, reason: str) -> None: ...


class Owner:
    """Steps an engine while there is something to do, and takes commands between steps.

    What waits in its queue is bounded by how many listeners are admitted.

    Args:
        make_engine: run first, in the thread; returns when every shape has run once.
        events: who is told.
        post: calls a function in the event loop, from any thread (`loop.call_soon_threadsafe`).
        num_threads: how many threads torch uses for one operation.
    """

    def __init__(
        self,
        make_engine: Callable[[], Engine],
        events: Events,
        post: Callable[..., Any],
        num_threads: int,
    ) -> None:
        self._make_engine, self._events, self._post = make_engine, events, post
        self._num_threads = num_threads
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._stopping = False
        self._step_since: float | None = None
        self._tidied_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="gpt-sovits", daemon=True)

    @property
    def step_age_s(self) -> float:
        """How long the step that runs now has taken, with the commands before it: a device that hangs raises
        nothing."""
        since = self._step_since
        return 0.0 if since is None else time.monotonic() - since

    def start(self) -> None:
        """Begin. `on_ready` follows."""
        self._thread.start()

    def put(self, command: Command) -> None:
        """Have a command done before the next step. Callable from any thread."""
        self._commands.put(command)
        self._wake.set()

    def wake(self) -> None:
        """Look again whose stream has room. Callable from any thread."""
        self._wake.set()

    def stop(self) -> None:
        """End after the step that runs now. Nothing is said any more."""
        self._stopping = True
        self._wake.set()

    def join(self) -> None:
        """Block until the thread has ended."""
        self._thread.join()

    def say(self, event: Callable[..., None], *details: Any) -> None:
        """Tell the event loop something, unless nobody listens any more. Callable from any thread."""
        if not self._stopping:
            self._post(event, *details)

    def _run(self) -> None:
        try:
            pin_threads(self._num_threads)
            engine = self._make_engine()
        except BaseException as error:
            self.say(self._events.on_ready, error)
            return
        self.say(self._events.on_ready, None)
        try:
            self._serve(engine)
        except EngineFault as fault:
            self.say(self._events.on_fault, str(fault))
        except BaseException as error:  # whatever it is, nobody else is left to report it
            self.say(self._events.on_fault, f"the engine's thread failed: {describe(error)}")

    def _serve(self, engine: Engine) -> None:
        while not self._stopping:
            self._wake.clear()  # before looking: what happens from here on is seen at the next turn
            self._step_since = time.monotonic()
            while not self._commands.empty():
                self._commands.get()(engine)
            did_something = engine.step()
            self._step_since = None
            if not did_something:
                engine.check_idle()
                self._rest()
            elif time.monotonic() - self._tidied_at > TIDY_EVERY_S:
                self._tidy()

    def _rest(self) -> None:
        """Wait for something to do. Who waits long gives back what speaking went through."""
        if not self._wake.wait(REST_AFTER_S):
            self._tidy()
            self._wake.wait()

    def _tidy(self) -> None:
        self._tidied_at = time.monotonic()
        release_unused_memory()
