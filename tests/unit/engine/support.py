"""Scheduling without models: listeners of no stream, vocoders of no audio, and a driver that runs nothing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import cast

from tts_core.engine.operations import Decode, Operation, Park, Prefill, Restore, Shape, Vocode
from tts_core.engine.scheduler import Scheduler
from tts_core.engine.sequence import Listener, Sequence, SequenceStatus
from tts_core.engine.stream import SpeechStream
from tts_core.engine.work import Work
from tts_core.models.gpt_sovits.script import Script
from tts_core.models.gpt_sovits.vocoding import SegmentVocoder
from tts_core.request import Segment, SynthesisRequest

RATE_HZ = 100
WINDOW_SAMPLES = 20
MAX_LEAD_SAMPLES = 1000
NUM_TOKENS = 4
EARLY_TOKENS = 2


@dataclass
class FakeStream:
    """What the engine's thread reads of a stream."""

    deadline: float = 0.0
    num_delivered: int = 0
    num_written: int = 0
    closed: bool = False
    sample_rate_hz: int = RATE_HZ


@dataclass
class FakeScript:
    num_segments: int = 1


@dataclass
class FakeVocoder:
    """Latents, then windows, once the tokens are complete; one window before that where it is early."""

    num_windows: int = 2
    window_frames: int = 16
    is_early: bool = False
    num_due: int = 0
    is_shaped: bool = False

    @property
    def is_finished(self) -> bool:
        return self.is_shaped and not self.num_due

    def due(self, num_codes: int, is_complete: bool) -> Work | None:
        if self.num_due:
            return Work.WINDOW
        if self.is_shaped:
            return None
        return Work.SHAPE if is_complete or self._has_early(num_codes) else None

    def shape(self, num_codes: int) -> None:
        if self._has_early(num_codes):
            self.is_early, self.num_due = False, 1
        else:
            self.is_shaped, self.num_due = True, self.num_windows

    def generate(self) -> None:
        assert self.num_due > 0, "no window is due"
        self.num_due -= 1

    def _has_early(self, num_codes: int) -> bool:
        return self.is_early and num_codes >= EARLY_TOKENS


def fake_stream(listener: Listener) -> FakeStream:
    return cast(FakeStream, listener.stream)


def fake_vocoder(sequence: Sequence) -> FakeVocoder:
    return cast(FakeVocoder, sequence.vocoder)


def set_vocoder(sequence: Sequence, vocoder: FakeVocoder) -> None:
    sequence.vocoder = cast(SegmentVocoder, vocoder)


def new_listener(
    request_id: str = "r", deadline: float = 0.0, max_lead_samples: int = MAX_LEAD_SAMPLES
) -> Listener:
    request = SynthesisRequest(
        request_id=request_id, model="tiny", voice="ada", segments=(Segment(0, "Hello."),)
    )
    return Listener(request, "en", cast(SpeechStream, FakeStream(deadline)), max_lead_samples)


def new_sequence(
    status: SequenceStatus,
    deadline: float = 0.0,
    vocoder: FakeVocoder | None = None,
    listener: Listener | None = None,
) -> Sequence:
    """Return a sequence that no scheduler knows."""
    sequence = Sequence(listener or new_listener(deadline=deadline), 0)
    sequence.status = status
    set_vocoder(sequence, vocoder or FakeVocoder())
    return sequence


def with_windows(num_due: int = 1, window_frames: int = 16) -> FakeVocoder:
    """Return a vocoder that has windows to generate."""
    return FakeVocoder(window_frames=window_frames, num_due=num_due, is_shaped=True)


def stall(listener: Listener) -> None:
    """Let the listener take nothing more, until `resume`."""
    listener.num_produced = fake_stream(listener).num_delivered + MAX_LEAD_SAMPLES


def resume(listener: Listener) -> None:
    fake_stream(listener).num_delivered = listener.num_produced


class Driver:
    """Does to a scheduler what an engine does, at once and without computing anything.

    Attributes:
        reading: sequences that were asked to be prepared.
        finished: requests that were spoken to their end, in that order.
    """

    def __init__(self, scheduler: Scheduler, num_windows: int = 2, *, is_early: bool = False) -> None:
        self.scheduler = scheduler
        self.reading: deque[Sequence] = deque()
        self.finished: list[str] = []
        self._num_windows, self._is_early = num_windows, is_early
        self._num_segments: dict[str, int] = {}

    def add(self, listener: Listener, num_segments: int = 1) -> Sequence:
        """Take a listener on; their first segment is being read."""
        self._num_segments[listener.request_id] = num_segments
        sequence = self.scheduler.add(listener)
        self.reading.append(sequence)
        return sequence

    def read(self) -> Sequence | None:
        """Have the next segment prepared, unless it isn't wanted any more."""
        sequence = self.reading.popleft()
        listener = sequence.listener
        if not self.scheduler.knows(listener):
            return None
        listener.script = cast(Script, FakeScript(self._num_segments[listener.request_id]))
        set_vocoder(sequence, FakeVocoder(self._num_windows, is_early=self._is_early))
        self.scheduler.prepared(sequence)
        return sequence

    def remove(self, listener: Listener) -> None:
        for sequence in self.scheduler.remove(listener):
            if sequence.slot is not None:
                self.scheduler.free(sequence)
            if sequence.shelf is not None:
                self.scheduler.free_shelf(sequence)

    def step(self) -> Operation | None:
        """Do one operation."""
        operation = self.scheduler.schedule()
        if isinstance(operation, Shape | Vocode):
            self.scheduler.voiced(operation)
        if isinstance(operation, Prefill):
            self._ask(self.scheduler.started(operation.sequence))
            self._add_token(operation.sequence)
        elif isinstance(operation, Decode):
            for sequence in operation.sequences:
                self._add_token(sequence)
        elif isinstance(operation, Park):
            self.scheduler.free(operation.sequence)
            self.scheduler.parked(operation.sequence)
        elif isinstance(operation, Restore):
            self.scheduler.free_shelf(operation.sequence)
            self.scheduler.restored(operation.sequence)
        elif isinstance(operation, Shape):
            fake_vocoder(operation.sequence).shape(len(operation.sequence.codes))
        elif isinstance(operation, Vocode):
            for sequence in operation.sequences:
                self._generate(sequence)
        return operation

    def run(self, max_steps: int = 1000) -> list[Operation]:
        """Read and step until there is nothing more to do, and return what was done."""
        done: list[Operation] = []
        for _ in range(max_steps):
            while self.reading:
                self.read()
            operation = self.step()
            if operation is None:
                return done
            done.append(operation)
        raise AssertionError(f"still busy after {max_steps} steps")

    def _add_token(self, sequence: Sequence) -> None:
        sequence.codes.append(0)
        if len(sequence.codes) == NUM_TOKENS:
            self.scheduler.free(sequence)
            self.scheduler.decoded(sequence)

    def _generate(self, sequence: Sequence) -> None:
        vocoder, listener = fake_vocoder(sequence), sequence.listener
        vocoder.generate()
        listener.num_produced += WINDOW_SAMPLES
        if sequence.is_decoded and vocoder.is_finished:
            self._finish(sequence)

    def _finish(self, sequence: Sequence) -> None:
        listener = sequence.listener
        self._ask(self.scheduler.spoken(sequence))
        if sequence.index + 1 == self._num_segments[listener.request_id]:
            self.remove(listener)
            self.finished.append(listener.request_id)

    def _ask(self, sequence: Sequence | None) -> None:
        if sequence is not None:
            self.reading.append(sequence)
