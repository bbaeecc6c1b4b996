"""Reads texts and listens to voices, in a thread of its own: BERT and HuBERT never hold up a decode step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tts_core.engine.sequence import Sequence
from tts_core.engine.streams import SideStream
from tts_core.engine.worker import Worker
from tts_core.models.gpt_sovits.lazily import StillLoading
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import Part, Script


@dataclass(frozen=True)
class Prepared:
    """A sequence whose part of its request's script was read."""

    sequence: Sequence
    script: Script
    part: Part


@dataclass(frozen=True)
class Unprepared:
    """A sequence that can't be spoken, and why."""

    sequence: Sequence
    error: Exception


class Preparer(Worker[Sequence]):
    """Turns sequences into what T2S reads.

    Whoever needs a side model that is still being loaded comes after those who don't.

    Args:
        model: whose BERT features are wanted.
        write: turns a sequence's request into a script; asked in this thread, once for each request, or
            again where that had to wait for a side model.
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
        super().__init__("gpt-sovits-reader", num_threads)
        self._model, self._write, self._deliver = model, write, deliver
        self._stream: SideStream | None = None

    def _surroundings(self) -> AbstractContextManager[object]:
        self._stream = SideStream(self._model.device)
        return self._stream.entered()

    def _do(self, task: Sequence) -> None:
        if task.listener.is_abandoned:
            return
        try:
            self._deliver(self._prepare(task))
        except StillLoading as loading:
            loading.when_over(lambda: self.ask(task))

    def _prepare(self, sequence: Sequence) -> Prepared | Unprepared:
        stream = self._stream
        assert stream is not None
        try:
            script = sequence.listener.script or self._write(sequence)
            part = script.read(sequence.index, self._model)
            inputs, style = part.inputs, script.voice.style
            stream.hand_over(inputs.phones, inputs.bert, inputs.prompt, style.audio, style.text)
        except StillLoading:
            raise
        except Exception as error:
            return Unprepared(sequence, error)
        return Prepared(sequence, script, part)
