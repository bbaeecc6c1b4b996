"""The one thread that computes: it alone touches the models, and it speaks one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import torch

from tts_core.errors import PolyvoxError, SegmentFailed
from tts_core.models.gpt_sovits.faults import describe, is_device_fault
from tts_core.models.gpt_sovits.sequence import Sequence
from tts_core.models.gpt_sovits.speaking import Stage

MAX_FAILURES_IN_A_ROW = 3
_STAGES_BEFORE_MODELS = (Stage.READING, Stage.LISTENING)


class Events(Protocol):
    """What the thread has to say. Called in the event loop, in the order in which it was said."""

    def on_ready(self, error: BaseException | None) -> None: ...
    def on_audio(self, sequence: Sequence, pcm: bytes) -> None: ...
    def on_spoken(self, sequence: Sequence) -> None: ...
    def on_failed(self, sequence: Sequence, error: PolyvoxError) -> None: ...
    def on_full(self, sequence: Sequence) -> None: ...
    def on_fault(self, reason: str) -> None: ...


class Owner:
    """The thread, and what the event loop may ask of it.

    It serves, among open sequences with room, the one whose listener would run dry first, until that has
    audio again. A sequence is left only between windows, so one decoder serves them all. What waits for it is
    bounded by whoever calls `add`.

    Args:
        warm_up: run first, in the thread.
        events: who is told.
        post: calls a function in the event loop, from any thread (`loop.call_soon_threadsafe`).
        num_threads: how many threads torch uses for one operation.
    """

    def __init__(
        self,
        warm_up: Callable[[], None],
        events: Events,
        post: Callable[..., Any],
        num_threads: int,
    ) -> None:
        self._warm_up, self._events, self._post, self._num_threads = warm_up, events, post, num_threads
        self._open: list[Sequence] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._num_failures = 0
        self._thread = threading.Thread(target=self._run, name="gpt-sovits", daemon=True)

    # From the event loop

    def start(self) -> None:
        """Begin. `on_ready` follows."""
        self._thread.start()

    def add(self, sequence: Sequence) -> None:
        """Let a sequence take part."""
        with self._lock:
            self._open.append(sequence)
        self._wake.set()

    def remove(self, sequence: Sequence) -> None:
        """Forget a sequence; it isn't computed for beyond the step that runs now."""
        with self._lock:
            self._open.remove(sequence)
        self._wake.set()

    def wake(self) -> None:
        """Look again whose stream has room."""
        self._wake.set()

    def stop(self) -> None:
        """End after the step that runs now. Nothing is said any more."""
        self._stopping = True
        self._wake.set()

    def join(self) -> None:
        """Block until the thread has ended."""
        self._thread.join()

    # In the thread

    def _run(self) -> None:
        try:
            torch.set_num_threads(self._num_threads)
            self._warm_up()
        except BaseException as error:
            self._say(self._events.on_ready, error)
            return
        self._say(self._events.on_ready, None)
        try:
            self._serve()
        except BaseException as error:  # whatever it is, nobody else is left to report it
            self._say(self._events.on_fault, f"the engine's thread failed: {describe(error)}")

    def _serve(self) -> None:
        while not self._stopping:
            self._wake.clear()  # before looking: what happens from here on is seen at the next turn
            sequence = self._next()
            if sequence is None:
                self._wake.wait()
            else:
                self._advance(sequence)

    def _next(self) -> Sequence | None:
        with self._lock:
            waiting = [one for one in self._open if not one.is_over and not one.is_abandoned]
        for full in (one for one in waiting if not one.has_room and not one.is_watched):
            full.is_watched = True
            self._say(self._events.on_full, full)
        runnable = (one for one in waiting if one.has_room)
        return min(runnable, key=lambda one: one.stream.deadline, default=None)

    def _advance(self, sequence: Sequence) -> None:
        """Go on with a sequence until it has audio, ends, fails or is abandoned."""
        try:
            for pcm in sequence.steps:
                if self._stopping or sequence.is_abandoned:
                    sequence.steps.close()
                    return
                if pcm:
                    sequence.count(pcm)
                    self._say(self._events.on_audio, sequence, pcm)
                    return
        except PolyvoxError as error:
            self._end(sequence, self._events.on_failed, error)
        except Exception as error:
            self._note(sequence, error)
        else:
            self._num_failures = 0
            self._end(sequence, self._events.on_spoken)

    def _note(self, sequence: Sequence, error: Exception) -> None:
        """Attribute a failure to what was being done, and judge whether others can still be served."""
        utterance = sequence.utterance
        where = f"{utterance.stage.value} of segment {utterance.piece}"
        reason = f"{where} failed for request {sequence.request_id!r}: {describe(error)}"
        if is_device_fault(error):
            self._poison(reason)
            return
        self._end(sequence, self._events.on_failed, SegmentFailed(f"{where} failed: {describe(error)}"))
        # What text or voices do to their readers says nothing about the models.
        self._num_failures += utterance.stage not in _STAGES_BEFORE_MODELS
        if self._num_failures >= MAX_FAILURES_IN_A_ROW:
            self._poison(f"{self._num_failures} requests failed in a row, the last one so: {reason}")

    def _poison(self, reason: str) -> None:
        self._stopping = True
        self._post(self._events.on_fault, reason)

    def _end(self, sequence: Sequence, event: Callable[..., None], *details: Any) -> None:
        sequence.is_over = True
        self._say(event, sequence, *details)

    def _say(self, event: Callable[..., None], *details: Any) -> None:
        if not self._stopping:
            self._post(event, *details)
