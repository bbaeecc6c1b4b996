"""GPT-SoVITS for many listeners at once, behind the `AsyncEngine` protocol."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable

from tts_core.engine.admission import Admission
from tts_core.engine.assembly import EngineOptions, assemble
from tts_core.engine.costs import Costs
from tts_core.engine.engine import Engine
from tts_core.engine.forecast import Forecast
from tts_core.engine.identity import identity_of
from tts_core.engine.model_runner import ModelRunner
from tts_core.engine.open_streams import OpenStreams
from tts_core.engine.owner import Owner
from tts_core.engine.preparer import Prepared, Preparer, Unprepared
from tts_core.engine.protocol import POISONED, Room
from tts_core.engine.sequence import Listener, Sequence
from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.engine.voicing import Voiced, VoiceJob, Voicer
from tts_core.errors import EnginePoisoned, EngineStopped, PolyvoxError, SetupError
from tts_core.fingerprints import digest, joined
from tts_core.models.gpt_sovits.admission import check_request
from tts_core.models.gpt_sovits.faults import describe
from tts_core.models.gpt_sovits.guards import Verdict, counts_of, report
from tts_core.models.gpt_sovits.heard_voices import HeardVoices, PromptOf
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.script import Script, VoiceOf, write_script
from tts_core.request import SynthesisRequest
from tts_core.stats import EngineStats
from tts_core.timing.marks import TextMark, Word
from tts_core.voice import VoiceInfo

LONGEST_LOAD_S = 300.0
"""A side model that takes longer never comes, and whoever needs it would wait here for good."""


class BatchingEngine:
    """An `AsyncEngine` over one loaded model: one thread computes for all listeners, another reads for them.

    Equal requests give equal bytes: alone or among any others, in any slot, before or after any failure, on
    any engine with the same weights, options and number of threads. An exception in the models ends its
    request with SegmentFailed; a fault of the device, or three requests failing in a row, ends all of them
    with EnginePoisoned.

    Args:
        model: what to speak with. Never changed; several engines may share it.
        prompt_of: a reference's prompt features. Called in the reading thread; not again for a voice that was
            asked for lately.
        voices: the catalogue. Called in the event loop, once per request.
        limits: how far each stream runs ahead of its listener, and the sizes of its chunks.
        options: slots, threads, and what requests don't say.
        settle: fills in what a request leaves to its voice, and names the voice for good: by what is in it.
            Called in the event loop, once per request.
    """

    def __init__(
        self,
        model: LoadedModel,
        prompt_of: PromptOf,
        voices: Callable[[], Iterable[VoiceInfo]],
        limits: StreamLimits,
        options: EngineOptions | None = None,
        settle: Callable[[SynthesisRequest], SynthesisRequest] = lambda request: request,
    ) -> None:
        self._model, self._voices = model, voices
        self._voice_of: VoiceOf = HeardVoices(prompt_of, model)
        self._limits, self._settle = limits, settle
        self._options = options or EngineOptions()
        self._identity = identity_of(model, self._options)
        self._costs = Costs(self._options.num_slots, self._options.second_core == "always")
        self._forecast = Forecast(lambda: self._costs.pace(max(1, len(self._open))))
        self._admission = Admission(
            self._costs,
            self._options.num_slots,
            self._options.most_streams,
            self._options.min_pace,
            self._soonest_s,
        )
        self._open: OpenStreams[Listener] = OpenStreams(self._options.num_slots, model.sample_rate_hz)
        self._owner: Owner | None = None
        self._preparer: Preparer | None = None
        self._voicer: Voicer | None = None
        self._ready: asyncio.Future[None] | None = None
        self._poison_reason: str | None = None

    @property
    def sample_rate_hz(self) -> int:
        return self._model.sample_rate_hz

    async def start(self) -> None:
        """Allocate everything, and run every shape once.

        Raises:
            SetupError: the models don't run here, or don't fit.
        """
        if self._owner is not None:
            raise RuntimeError("the engine was started already")
        loop = asyncio.get_running_loop()
        self._ready = loop.create_future()
        self._owner = Owner(self._assemble, self, loop.call_soon_threadsafe, self._options.num_threads)
        self._preparer = Preparer(self._model, self._write, self._deliver, self._options.num_threads)
        self._preparer.start()
        self._owner.start()
        try:
            await self._ready
        except BaseException:
            await self.stop()
            raise

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return the catalogue."""
        return tuple(self._voices())

    def generate(self, request: SynthesisRequest) -> SpeechStream:
        """Admit a request and return its stream at once; audio follows.

        Text that can't be spoken ends the stream where its segment would begin: before any audio where all
        of it is concerned (EmptyInput, UnsupportedLanguage for a script within it), and after what precedes
        it where one segment is too much (InputTooLong). So does a segment that fails in the models.

        Raises:
            UnknownModel, UnknownVoice, UnsupportedLanguage, InvalidParameter, EmptyInput: as they say.
            Overloaded: every slot is taken by someone who listens, there are too many who don't, or those who
                are here could not be kept supplied.
            EnginePoisoned, EngineStopped: the engine can't speak any more.
        """
        owner = self._require_running()
        language = check_request(request, self._model.name, self._voices(), self._open)
        self._admission.check(len(self._open), self._num_stalled())
        stream = SpeechStream(
            self.sample_rate_hz,
            self._limits,
            lambda _: self._release(listener),
            on_room=owner.wake,
            returning=request.returning,
        )
        max_lead = int(self._limits.lead_s * self.sample_rate_hz)
        settled = self._settle(request)
        voice = digest(self._model.weights, settled.voice, *settled.timbres)
        stream.fingerprint = joined(voice, self._identity)
        listener = Listener(settled, language, stream, max_lead, stream.timeline)
        self._open.add(request.request_id, listener)
        self._forecast.opened(stream, request, asyncio.get_running_loop().time())
        owner.put(lambda engine: engine.add(listener))
        return stream

    def room(self) -> Room:
        """Return whether `generate` would admit anyone now, or when."""
        if self._poison_reason is not None:
            return POISONED
        return Room(self._admission.num_free(len(self._open), self._num_stalled()), self._soonest_s())

    def abort(self, request_id: str) -> bool:
        """End a stream early and free its slot. Returns whether there was one."""
        return self._open.abort(request_id)

    def check_health(self) -> None:
        """Return while the engine can speak. Callable from any thread, unlike all else.

        Raises:
            EnginePoisoned: a device fault, repeated failures, lost slots, a thread that died, or a step
                without end.
            EngineStopped: it isn't started, or was stopped.
        """
        owner = self._require_running()
        reason = self._what_is_wrong(owner)
        if reason is not None:
            owner.say(self.on_fault, reason)  # streams belong to the event loop, whoever asks
            raise EnginePoisoned(reason)

    def stats(self) -> EngineStats:
        """Return a snapshot of the engine's figures."""
        load = 1.0 / self._costs.pace(len(self._open)) if len(self._open) else 0.0
        return dataclasses.replace(self._open.stats(), load=load, stages=self._costs.stages())

    async def stop(self) -> None:
        """End every stream with EngineStopped, and return when the threads are gone."""
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.stop()
            if self._ready is not None and not self._ready.done():  # nobody else will tell who waits for it
                self._ready.set_exception(EngineStopped("the engine was stopped before it was ready"))
        self._open.fail_all(lambda: EngineStopped("the engine was stopped"))
        if owner is not None:
            await asyncio.to_thread(owner.join)
        # The voicer is made in the owner's thread, perhaps after it was told to stop.
        workers, self._preparer, self._voicer = (self._voicer, self._preparer), None, None
        for worker in workers:
            if worker is not None:
                worker.stop()
                await asyncio.to_thread(worker.join)

    # What the engine's thread says (see `owner.Events` and `outlet.Outlet`)

    def on_ready(self, error: BaseException | None) -> None:
        if self._ready is None or self._ready.done():
            return
        if error is None:
            self._ready.set_result(None)
        elif isinstance(error, PolyvoxError):
            self._ready.set_exception(error)
        else:
            self._ready.set_exception(SetupError(f"model {self._model.name!r} can't run: {describe(error)}"))

    def on_segment(self, listener: Listener, index: int, num_dropped: int, codes: tuple[int, ...]) -> None:
        listener.stream.mark(index, num_dropped, codes)

    def on_words(self, listener: Listener, words: tuple[Word, ...]) -> None:
        listener.stream.cue(TextMark(listener.stream.num_written, words))

    def on_known(self, listener: Listener, num_samples: int) -> None:
        listener.stream.skip(num_samples)

    def on_audio(self, listener: Listener, pcm: bytes) -> None:
        self._open.count(len(pcm))
        listener.stream.write(pcm)

    def on_spoken(self, listener: Listener) -> None:
        listener.stream.finish()

    def on_failed(self, listener: Listener, error: PolyvoxError) -> None:
        listener.stream.fail(error)

    def on_take(self, listener: Listener, index: int, verdict: Verdict) -> None:
        self._open.count_take(counts_of(verdict))
        report(verdict, listener.request_id, index)

    def on_fault(self, reason: str) -> None:
        self._poison_reason = reason
        self._open.fail_all(lambda: EnginePoisoned(reason))

    # In other threads

    def _assemble(self) -> Engine:
        owner, preparer = self._owner, self._preparer
        assert owner is not None
        assert preparer is not None
        outlet = _Posted(owner, self)
        return assemble(self._model, self._options, preparer.ask, outlet, self._costs, self._start_voicer)

    def _start_voicer(self, runner: ModelRunner) -> Callable[[VoiceJob], None]:
        self._voicer = Voicer(runner, self._take_back, self._options.num_threads)
        self._voicer.start()
        return self._voicer.ask

    def _take_back(self, result: Voiced) -> None:
        owner = self._owner
        if owner is not None:
            owner.put(lambda engine: engine.voiced(result))

    def _write(self, sequence: Sequence) -> Script:
        listener = sequence.listener
        return write_script(
            listener.request, listener.language, self._model, self._voice_of, self._options.speaking
        )

    def _deliver(self, result: Prepared | Unprepared) -> None:
        owner = self._owner
        if owner is not None:
            owner.put(lambda engine: engine.prepared(result))

    # Inside

    def _what_is_wrong(self, owner: Owner) -> str | None:
        """Return what the engine's threads can't report themselves, if anything is wrong with them."""
        workers = [worker for worker in (self._preparer, self._voicer) if worker is not None]
        if not all(worker.is_alive for worker in workers):
            return "a thread of the engine has died"
        ages = [owner.step_age_s, *(worker.task_age_s for worker in workers)]
        if max(ages) > self._options.max_step_s:
            return f"a step has run for more than {self._options.max_step_s:g} s"
        if self._model.loading_for_s > LONGEST_LOAD_S:
            return f"a side model has been loading for more than {LONGEST_LOAD_S:g} s"
        return None

    def _require_running(self) -> Owner:
        if self._poison_reason is not None:
            raise EnginePoisoned(self._poison_reason)
        if self._owner is None or self._ready is None or not self._ready.done():
            raise EngineStopped("the engine isn't running")
        return self._owner

    def _num_stalled(self) -> int:
        return self._open.num_stalled(self._admission.stalled_after_s)

    def _soonest_s(self) -> float:
        lends_after_s = self._admission.lends_after_s(len(self._open))
        return self._forecast.soonest_s(asyncio.get_running_loop().time(), lends_after_s)

    def _release(self, listener: Listener) -> None:
        """Free the place of a stream that has just closed. The only way out, taken once per stream."""
        self._open.release(listener.request_id)
        self._forecast.closed(listener.stream)
        if self._owner is not None:
            self._owner.put(lambda engine: engine.remove(listener))


class _Posted:
    """Carries an engine's results from its thread to the event loop."""

    def __init__(self, owner: Owner, target: BatchingEngine) -> None:
        self._owner, self._target = owner, target

    def on_segment(self, listener: Listener, index: int, num_dropped: int, codes: tuple[int, ...]) -> None:
        self._owner.say(self._target.on_segment, listener, index, num_dropped, codes)

    def on_words(self, listener: Listener, words: tuple[Word, ...]) -> None:
        self._owner.say(self._target.on_words, listener, words)

    def on_known(self, listener: Listener, num_samples: int) -> None:
        self._owner.say(self._target.on_known, listener, num_samples)

    def on_audio(self, listener: Listener, pcm: bytes) -> None:
        self._owner.say(self._target.on_audio, listener, pcm)

    def on_spoken(self, listener: Listener) -> None:
        self._owner.say(self._target.on_spoken, listener)

    def on_failed(self, listener: Listener, error: PolyvoxError) -> None:
        self._owner.say(self._target.on_failed, listener, error)

    def on_take(self, listener: Listener, index: int, verdict: Verdict) -> None:
        self._owner.say(self._target.on_take, listener, index, verdict)
