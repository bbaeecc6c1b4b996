"""Reads texts and listens to voices, in a thread of its own: BERT and HuBERT never hold up a decode step."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

import torch

from tts_core.engine.script import Script
from tts_core.engine.sequence import Sequence
from tts_core.engine.streams import SideStream
from tts_core.models.gpt_sovits.decoding import DecodeInputs
from tts_core.models.gpt_sovits.loaded_model import LoadedModel


@dataclass(frozen=True)
class Prepared:
    """A sequence whose inputs are ready."""

    sequence: Sequence
    script: Script
    inputs: DecodeInputs


@dataclass(frozen=True)
class Unprepared:
    """A sequence that can't be spoken, and why."""

    sequence: Sequence
    error: Exception


class Preparer:
    """One thread, first come, first served. What waits for it is bounded by how many listeners there are.

    Args:
        model: whose BERT features are wanted.
        write: turns a sequence's request into a script; asked once for each request, in this thread.
        deliver: told of every result, in this thread.
        num_threads: how many threads torch uses for one operation.
    """

    def __init__(
        self,
        model: LoadedModel,
        write: Callable[[Sequence], Script],
        deliver: Callable[[Prepared | Unprepared], None],
        num_threads: int = 1,
    ) -> None:
        self._model, self._write, self._deliver, self._num_threads = model, write, deliver, num_threads
        self._tasks: queue.SimpleQueue[Sequence | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="gpt-sovits-reader", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask(self, sequence: Sequence) -> None:
        """Prepare a sequence. Callable from any thread."""
        self._tasks.put(sequence)

    def stop(self) -> None:
        """End after the sequence that is being prepared."""
        self._tasks.put(None)

    def join(self) -> None:
        """Block until the thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        torch.set_num_threads(self._num_threads)
        stream = SideStream(self._model.device)
        with stream.entered():
            while (sequence := self._tasks.get()) is not None:
                if not sequence.listener.is_abandoned:
                    self._deliver(self._prepare(sequence, stream))

    def _prepare(self, sequence: Sequence, stream: SideStream) -> Prepared | Unprepared:
        try:
            script = sequence.listener.script or self._write(sequence)
            inputs = script.inputs(sequence.index, self._model)
            style = script.style
            stream.hand_over(inputs.phones, inputs.bert, inputs.prompt, style.audio, style.text)
        except Exception as error:
            return Unprepared(sequence, error)
        return Prepared(sequence, script, inputs)
