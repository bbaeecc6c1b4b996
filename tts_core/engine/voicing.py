"""Work between tokens and audio, as something that can be done in any one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch

from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.operations import Shape, Vocode
from tts_core.engine.sequence import Sequence
from tts_core.engine.worker import Worker
from tts_core.models.gpt_sovits.faults import is_device_fault
from tts_core.models.gpt_sovits.vocoding import SegmentVocoder, WindowInputs

Outcome = bytes | Exception
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class VoiceJob:
    """One operation on sequences that nobody else touches meanwhile.

    Attributes:
        codes: for latents: the sequence's tokens by now.
        is_complete: for latents: whether no more will come.
    """

    operation: Shape | Vocode
    codes: tuple[int, ...] = ()
    is_complete: bool = False

    @classmethod
    def of(cls, operation: Shape | Vocode) -> VoiceJob:
        """Take what it needs of its sequences, which go on meanwhile."""
        if isinstance(operation, Vocode):
            return cls(operation)
        sequence = operation.sequence
        return cls(operation, tuple(sequence.codes), sequence.is_decoded)


@dataclass(frozen=True)
class Voiced:
    """What came of a job: for each of its sequences PCM, perhaps none, or what went wrong."""

    operation: Shape | Vocode
    outcomes: tuple[Outcome, ...]
    took_s: float


def do_voice_job(job: VoiceJob, runner: ModelRunner) -> Voiced:
    """Compute latents, or a window of each sequence. Never raises: whoever fails on the way fails alone."""
    started = time.perf_counter()
    operation = job.operation
    if isinstance(operation, Shape):
        outcomes = [_attempt(lambda: _shape(operation.sequence, job))]
    else:
        outcomes = _vocode(operation.sequences, runner)
    return Voiced(operation, tuple(outcomes), time.perf_counter() - started)


def vocoder_of(sequence: Sequence) -> SegmentVocoder:
    """Return a prepared sequence's vocoder."""
    assert sequence.vocoder is not None, f"{sequence!r} was not prepared"
    return sequence.vocoder


def _shape(sequence: Sequence, job: VoiceJob) -> bytes:
    vocoder_of(sequence).shape(job.codes, job.is_complete)
    return b""


def _vocode(sequences: tuple[Sequence, ...], runner: ModelRunner) -> list[Outcome]:
    """A window that was cut can't be cut again, so failures are told apart here."""
    cut = [_attempt(vocoder_of(sequence).next_window) for sequence in sequences]
    windows = [one for one in cut if not isinstance(one, Exception)]
    audio = iter(_generate(windows, runner))
    outcomes: list[Outcome] = []
    for sequence, window in zip(sequences, cut, strict=True):
        made = window if isinstance(window, Exception) else next(audio)
        outcomes.append(made if isinstance(made, Exception) else _accept(sequence, made))
    return outcomes


def _generate(windows: list[WindowInputs], runner: ModelRunner) -> list[torch.Tensor | Exception]:
    """Generate all at once; or each by itself, where that can't be done."""
    together = _attempt(lambda: runner.generate(windows) if windows else [])
    if not isinstance(together, Exception):
        return [*together]
    if len(windows) == 1 or is_device_fault(together):
        return [together] * len(windows)
    return [_attempt(partial(_generate_one, window, runner)) for window in windows]


def _generate_one(window: WindowInputs, runner: ModelRunner) -> torch.Tensor:
    return runner.generate([window])[0]


def _accept(sequence: Sequence, audio: torch.Tensor) -> Outcome:
    return _attempt(lambda: vocoder_of(sequence).accept(audio))


def _attempt(work: Callable[[], _Result]) -> _Result | Exception:
    try:
        return work()
    except Exception as error:
        return error


class Voicer(Worker[VoiceJob]):
    """Does voice jobs beside the thread that decodes: two cores for one batch.

    Args:
        runner: what generates audio; nobody else may ask it to meanwhile.
        deliver: told of every result, in this thread.
        num_threads: how many threads torch uses for one operation.
    """

    def __init__(self, runner: ModelRunner, deliver: Callable[[Voiced], None], num_threads: int = 1) -> None:
        super().__init__("gpt-sovits-voice", num_threads)
        self._runner, self._deliver = runner, deliver

    def _do(self, task: VoiceJob) -> None:
        self._deliver(do_voice_job(task, self._runner))
