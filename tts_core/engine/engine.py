"""The engine without threads or event loops: `step()` does one operation on whoever it is the turn of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tts_core.engine.chunks import BYTES_PER_SAMPLE
from tts_core.engine.costs import STAGES, Costs
from tts_core.engine.freeing import Freeing
from tts_core.engine.model_runner import Drawn, ModelRunner
from tts_core.engine.operations import Decode, Operation, Park, Prefill, Restore, Shape, Vocode
from tts_core.engine.outlet import Outlet
from tts_core.engine.preparer import Prepared, Unprepared
from tts_core.engine.reading import fill, history_of, inputs_of, row_of, script_of, source_of
from tts_core.engine.scheduler import Scheduler
from tts_core.engine.second_core import SecondCore
from tts_core.engine.sequence import Listener, Sequence
from tts_core.engine.voicing import Voiced, VoiceJob, do_voice_job, vocoder_of
from tts_core.errors import PolyvoxError, SegmentFailed
from tts_core.models.gpt_sovits.faults import EngineFault, describe, is_device_fault
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.timing.marks import Word

MAX_FAILURES_IN_A_ROW = 3
MAX_VOICE_JOBS = 2
"""One being done, and one for when it is done: whoever makes audio never waits for a decode step to end."""


class Engine:
    """Owns every sequence from admission to its last sample. One thread, and no other, may use it.

    What a listener hears is a function of their request: batches share operations whose rows don't touch, and
    everything else runs alone, in a shape of its own.

    Args:
        model: what to speak with; never changed.
        runner: T2S with its slots.
        scheduler: decides what a step does.
        prepare: asks for a sequence's inputs; they come back through `prepared`.
        outlet: where audio goes.
        costs: told how long each operation took.
        second_core: shares in the work.
    """

    def __init__(
        self,
        model: LoadedModel,
        runner: ModelRunner,
        scheduler: Scheduler,
        prepare: Callable[[Sequence], None],
        outlet: Outlet,
        costs: Costs,
        second_core: SecondCore,
    ) -> None:
        self._model, self._runner, self._scheduler = model, runner, scheduler
        self._prepare, self._outlet, self._costs = prepare, outlet, costs
        self._freeing = Freeing(runner, scheduler)
        self._second_core, self._num_failures = second_core, 0

    # What comes in between steps

    def add(self, listener: Listener) -> None:
        """Take a listener on."""
        self._prepare(self._scheduler.add(listener))

    def remove(self, listener: Listener) -> None:
        """Forget a listener: the one way out, whatever the reason. Removing again does nothing."""
        for sequence in self._scheduler.remove(listener):
            self._freeing.release(sequence)

    def prepared(self, result: Prepared | Unprepared) -> None:
        """Take what the preparer made of a sequence.

        Raises:
            EngineFault: nothing more can be computed in this process.
        """
        sequence = result.sequence
        if isinstance(result, Unprepared) and is_device_fault(result.error):
            raise EngineFault(f"reading {sequence!r} failed: {describe(result.error)}") from result.error
        if not self._scheduler.knows(sequence.listener):
            return
        error = result.error if isinstance(result, Unprepared) else self._fill(result)
        if error is not None:
            # What text or voices do to their readers says nothing about the models.
            self._fail(sequence, "reading the request", error, counts=False)
        elif sequence.codes:
            self._prepare_next(self._scheduler.known(sequence))
        else:
            self._scheduler.prepared(sequence)

    def _fill(self, result: Prepared) -> Exception | None:
        try:
            fill(result.sequence, result.script, result.part, self._model)
        except Exception as error:
            return error
        return None

    def step(self) -> bool:
        """Do one operation, and have others done beside it. Returns whether there was anything to do.

        Raises:
            EngineFault: nothing more can be computed in this process.
        """
        has_given = self._give_jobs()
        # The vocoder is in one thread at a time: here only once it is done there.
        is_here = not self._is_beside and self._scheduler.num_voicing == 0
        operation = self._scheduler.schedule(with_voice=is_here)
        if operation is None:
            return has_given
        if isinstance(operation, Shape | Vocode):
            with self._second_core.share(operation, self._scheduler.num_listeners):
                result = do_voice_job(VoiceJob.of(operation), self._runner)
            self.voiced(result)
            return True
        started = time.perf_counter()
        try:
            with self._second_core.share(operation, self._scheduler.num_listeners):
                self._run(operation)
        except Exception as error:
            self._judge(operation, error)
        else:
            self._note(operation, time.perf_counter() - started)
        return True

    def voiced(self, result: Voiced) -> None:
        """Take what came of work on audio, here or elsewhere.

        Raises:
            EngineFault: nothing more can be computed in this process.
        """
        operation, audio_s = result.operation, 0.0
        self._scheduler.voiced(operation)
        for sequence, outcome in zip(operation.sequences, result.outcomes, strict=True):
            alone = Shape(sequence) if isinstance(operation, Shape) else Vocode((sequence,))
            if isinstance(outcome, Exception):  # of the device it is, even if the listener has left
                self._judge(alone, outcome)
            elif self._scheduler.knows(sequence.listener):
                with self._blaming(alone):
                    audio_s += self._say(sequence, outcome)
        if not any(isinstance(outcome, Exception) for outcome in result.outcomes):
            self._note(operation, result.took_s, audio_s)

    def check_idle(self) -> None:
        """Return if nothing was lost.

        Raises:
            RuntimeError: the books don't balance.
        """
        self._scheduler.check_idle()

    def _note(self, operation: Operation, took_s: float, audio_s: float = 0.0) -> None:
        """Write down an operation that has just ended well."""
        self._costs.observe(operation, took_s, audio_s)
        now_s, stage = time.monotonic(), STAGES[type(operation)]
        for sequence in operation.sequences:
            sequence.listener.timeline.took_part(stage, now_s, took_s, len(operation.sequences))

    # Operations

    @property
    def _is_beside(self) -> bool:
        """Whether audio is made beside this thread now."""
        return self._second_core.makes_audio(self._scheduler.num_listeners)

    def _give_jobs(self) -> bool:
        """Have audio made elsewhere, as far as that isn't busy."""
        if not self._is_beside:
            return False
        num_given = 0
        while self._scheduler.num_voicing < MAX_VOICE_JOBS:
            operation = self._scheduler.schedule_voice()
            if operation is None:
                break
            self._second_core.make_audio(operation)
            num_given += 1
        return num_given > 0

    def _run(self, operation: Prefill | Decode | Park | Restore) -> None:
        if isinstance(operation, Decode):
            self._decode(operation.sequences)
            return
        work = {Prefill: self._prefill, Park: self._park, Restore: self._restore}[type(operation)]
        work(operation.sequence)

    def _prefill(self, sequence: Sequence) -> None:
        sampling, slot = script_of(sequence).sampling, sequence.slot
        assert slot is not None
        drawn = self._runner.prefill(inputs_of(sequence), slot, sampling, source_of(sequence))
        self._prepare_next(self._scheduler.started(sequence))
        self._take(sequence, drawn)

    def _decode(self, sequences: tuple[Sequence, ...]) -> None:
        rows = [row_of(sequence) for sequence in sequences]
        drawn = self._runner.decode(rows, self._scheduler.num_rows)
        for sequence, token in zip(sequences, drawn, strict=True):
            self._take_alone(sequence, token)

    def _park(self, sequence: Sequence) -> None:
        assert sequence.shelf is not None
        self._runner.park(row_of(sequence), sequence.shelf)
        self._freeing.vacate(sequence)
        self._scheduler.parked(sequence)

    def _restore(self, sequence: Sequence) -> None:
        assert sequence.shelf is not None
        self._runner.restore(row_of(sequence), sequence.shelf, *history_of(sequence))
        self._freeing.clear_shelf(sequence)
        self._scheduler.restored(sequence)

    def _take_alone(self, sequence: Sequence, drawn: Drawn) -> None:
        """As `_take`, in a step that went well: if one token can't be taken, it isn't repeated for others."""
        try:  # once for each token of everybody: `_blaming` would cost more than taking it
            self._take(sequence, drawn)
        except Exception as error:
            self._judge(Decode((sequence,)), error)

    def _recall(self, sequence: Sequence) -> None:
        """Forget a token that was drawn and never taken."""
        assert sequence.slot is not None
        self._runner.sampler.start(sequence.slot, *history_of(sequence))

    def _take(self, sequence: Sequence, drawn: Drawn) -> None:
        """Add a token to its sequence, and end the take where speech ends, or goes wrong."""
        if not drawn.is_finite:
            step = len(sequence.codes)
            error = FloatingPointError(f"the model's logits are not finite at step {step}")
            self._fail(sequence, Decode.name, error)
            return
        takes, is_wrong = sequence.takes, False
        if not drawn.is_end:
            sequence.codes.append(drawn.token)
            is_wrong = takes is not None and takes.watch(drawn.token)
        if drawn.is_end or is_wrong or len(sequence.codes) >= sequence.max_codes:
            self._end_take(sequence, is_complete=drawn.is_end)

    def _end_take(self, sequence: Sequence, *, is_complete: bool) -> None:
        """Free a sequence's slot. Its tokens are complete, unless they are to be drawn once more."""
        self._freeing.vacate(sequence)
        if sequence.takes is not None:
            verdict = sequence.takes.end(sequence.codes, is_complete=is_complete)
            self._outlet.on_take(sequence.listener, sequence.index, verdict)
            if verdict.codes is None:
                sequence.codes = []
                self._scheduler.prepared(sequence)
                return
            sequence.codes = verdict.codes
        sequence.inputs = None
        self._scheduler.decoded(sequence)

    def _say(self, sequence: Sequence, pcm: bytes) -> float:
        """Pass audio on, and return its seconds."""
        if pcm and not sequence.is_heard:
            self._begin_to_say(sequence)
        self._emit(sequence.listener, pcm)
        if sequence.is_decoded and vocoder_of(sequence).is_finished:
            self._finish(sequence)
        return len(pcm) / BYTES_PER_SAMPLE / self._model.sample_rate_hz

    def _begin_to_say(self, sequence: Sequence) -> None:
        sequence.is_heard = True
        listener, num_known = sequence.listener, vocoder_of(sequence).num_left_out
        codes = tuple(sequence.codes) if sequence.is_decoded else ()
        self._outlet.on_segment(listener, sequence.index, sequence.num_dropped, codes)
        self._tell_words(listener, sequence.words)
        if num_known:
            listener.num_produced += num_known
            self._outlet.on_known(listener, num_known)

    def _finish(self, sequence: Sequence) -> None:
        """A segment is over: begin the next one, or end the request."""
        listener, script = sequence.listener, script_of(sequence)
        pause = script.pause(self._model.sample_rate_hz)
        self._num_failures = 0
        self._prepare_next(self._scheduler.spoken(sequence))
        if sequence.index + 1 < script.num_segments:
            self._tell_words(listener, ())
            self._emit(listener, pause)
            self._tell_failure(listener)
            return
        self.remove(listener)
        self._outlet.on_spoken(listener)

    def _prepare_next(self, following: Sequence | None) -> None:
        if following is not None:
            self._prepare(following)

    def _tell_words(self, listener: Listener, words: tuple[Word, ...]) -> None:
        """Say what words the audio to come has; none in a pause."""
        if listener.request.is_timed:
            self._outlet.on_words(listener, words)

    def _emit(self, listener: Listener, pcm: bytes) -> None:
        if pcm:
            listener.count(pcm)
            self._outlet.on_audio(listener, pcm)

    # When something goes wrong

    @contextmanager
    def _blaming(self, operation: Operation) -> Iterator[None]:
        """Judge what goes wrong within."""
        try:
            yield
        except Exception as error:
            self._judge(operation, error)

    def _judge(self, operation: Operation, error: Exception) -> None:
        """Attribute a failure to the operation and the sequences in it, and see who can go on."""
        if isinstance(error, EngineFault):
            raise error
        if is_device_fault(error):
            who = ", ".join(map(repr, operation.sequences))
            raise EngineFault(f"{operation.name} of {who} failed: {describe(error)}") from error
        if len(operation.sequences) == 1:
            self._fail(operation.sequences[0], operation.name, error)
            return
        # Whoever is at fault fails alone: a step can be repeated for each by itself, and comes out the same.
        for sequence in operation.sequences:
            alone = Decode((sequence,))
            with self._blaming(alone):
                self._recall(sequence)
                self._run(alone)

    def _fail(self, sequence: Sequence, doing: str, error: Exception, *, counts: bool = True) -> None:
        """End a request where a segment can't be spoken; end everything where requests fail in a row."""
        if not self._scheduler.knows(sequence.listener):
            return
        where = f"{doing} of segment {sequence.index} failed: {describe(error)}"
        sequence.error = error if isinstance(error, PolyvoxError) else SegmentFailed(where)
        self._freeing.release(sequence)
        self._scheduler.failed(sequence)
        self._tell_failure(sequence.listener)
        self._num_failures += counts and sequence.error is not error
        if self._num_failures >= MAX_FAILURES_IN_A_ROW:
            raise EngineFault(f"{self._num_failures} requests failed in a row, the last one so: {where}")

    def _tell_failure(self, listener: Listener) -> None:
        """End a request if the segment whose turn it is to be heard has failed.

        A later one's failure waits: whenever it was noticed, everything before it is heard.
        """
        front = next(iter(listener.sequences), None)
        if front is not None and front.error is not None:
            self.remove(listener)
            self._outlet.on_failed(listener, front.error)
