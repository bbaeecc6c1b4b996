"""GPT-SoVITS one request at a time: the plain engine that faster ones are held to, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from tts_core.engine.stream import BYTES_PER_SAMPLE, SpeechStream, StreamLimits, StreamState
from tts_core.errors import EnginePoisoned, EngineStopped, Overloaded, PolyvoxError, SetupError
from tts_core.models.gpt_sovits.admission import check_request
from tts_core.models.gpt_sovits.decoding import TokenDecoder
from tts_core.models.gpt_sovits.faults import describe
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.owner import Owner
from tts_core.models.gpt_sovits.sequence import Sequence
from tts_core.models.gpt_sovits.speaking import PromptOf, SpeakingOptions, Utterance
from tts_core.models.gpt_sovits.warm_up import warm_up
from tts_core.request import SynthesisRequest
from tts_core.stats import EngineStats
from tts_core.voice import VoiceInfo

_RETRY_AFTER_S = 1.0


class SoloEngine:
    """An `AsyncEngine` over one loaded model, with one thread that computes.

    Equal requests give equal bytes: alone or among others, before or after them, on any engine with the same
    weights, options and `num_threads`. A stream without room costs nothing, and the others go on. An
    exception in the models ends its request with SegmentFailed; a fault of the device, or three requests
    failing in a row, ends all of them with EnginePoisoned.

    Args:
        model: what to speak with. Never changed; several engines may share it.
        prompt_of: a voice's prompt features, from its id. Called in the engine's thread, once per request.
        voices: the catalogue. Called in the event loop, once per request.
        limits: how far each stream runs ahead of its listener, and the sizes of its chunks.
        num_slots: streams that may be open at once, being spoken or waiting for their turn.
        num_threads: how many threads torch uses for one operation.
        options: what requests don't say.
        settle: fills in what a request leaves to its voice. Called in the event loop, once per request.
    """

    def __init__(
        self,
        model: LoadedModel,
        prompt_of: PromptOf,
        voices: Callable[[], Iterable[VoiceInfo]],
        limits: StreamLimits,
        num_slots: int = 16,
        num_threads: int = 1,
        options: SpeakingOptions | None = None,
        settle: Callable[[SynthesisRequest], SynthesisRequest] = lambda request: request,
    ) -> None:
        self._settle = settle
        self._model, self._prompt_of, self._voices = model, prompt_of, voices
        self._limits, self._num_slots, self._num_threads = limits, num_slots, num_threads
        self._options = options or SpeakingOptions()
        self._sequences: dict[str, Sequence] = {}
        self._room_watches: set[asyncio.Task[None]] = set()
        self._owner: Owner | None = None
        self._decoder: TokenDecoder | None = None
        self._ready: asyncio.Future[None] | None = None
        self._poison_reason: str | None = None
        self._num_finished = 0
        self._num_aborted = 0
        self._num_samples = 0

    @property
    def sample_rate_hz(self) -> int:
        return self._model.sample_rate_hz

    async def start(self) -> None:
        """Start the thread and run every shape once.

        Raises:
            SetupError: the models don't run here.
        """
        if self._owner is not None:
            raise RuntimeError("the engine was started already")
        loop = asyncio.get_running_loop()
        self._decoder = decoder = TokenDecoder(self._model.t2s, self._options.max_len)
        self._ready = loop.create_future()
        self._owner = Owner(
            lambda: warm_up(self._model, decoder), self, loop.call_soon_threadsafe, self._num_threads
        )
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

        What the text itself lacks (EmptyInput, InputTooLong, UnsupportedLanguage for a script within it) ends
        the stream before any audio.

        Raises:
            UnknownModel, UnknownVoice, UnsupportedLanguage, InvalidParameter, EmptyInput: as they say.
            Overloaded: every slot is taken.
            EnginePoisoned, EngineStopped: the engine can't speak any more.
        """
        owner, decoder = self._require_running()
        language = check_request(request, self._model.name, self._voices(), self._sequences)
        if len(self._sequences) >= self._num_slots:
            raise Overloaded(f"all {self._num_slots} slots are taken", retry_after_s=_RETRY_AFTER_S)
        stream = SpeechStream(self.sample_rate_hz, self._limits, lambda _: self._release(sequence))
        utterance = Utterance(
            self._settle(request), language, self._model, decoder, self._prompt_of, self._options
        )
        max_lead = int(self._limits.lead_s * self.sample_rate_hz)
        sequence = Sequence(request.request_id, stream, utterance, max_lead)
        self._sequences[request.request_id] = sequence
        owner.add(sequence)
        return stream

    def abort(self, request_id: str) -> bool:
        """End a stream early and free its slot. Returns whether there was one."""
        sequence = self._sequences.get(request_id)
        if sequence is not None:
            sequence.stream.cancel()
        return sequence is not None

    def check_health(self) -> None:
        """Return while the engine can speak.

        Raises:
            EnginePoisoned: a device fault, repeated failures, or books that don't balance.
            EngineStopped: it isn't started, or was stopped.
        """
        self._require_running()

    def stats(self) -> EngineStats:
        """Return a snapshot of the engine's figures."""
        streams = [sequence.stream for sequence in self._sequences.values()]
        return EngineStats(
            num_slots=self._num_slots,
            num_open=len(streams),
            num_paused=sum(not stream.has_room for stream in streams),
            num_finished=self._num_finished,
            num_aborted=self._num_aborted,
            audio_s=self._num_samples / self.sample_rate_hz,
        )

    async def stop(self) -> None:
        """End every stream with EngineStopped, and return when the thread is gone."""
        owner = self._owner
        if owner is not None:
            owner.stop()
        self._fail_all(lambda: EngineStopped("the engine was stopped"))
        self._owner = self._decoder = None
        if owner is not None:
            await asyncio.to_thread(owner.join)
        await asyncio.gather(*self._room_watches)

    # What the thread says (see `owner.Events`)

    def on_ready(self, error: BaseException | None) -> None:
        if self._ready is None or self._ready.done():
            return
        if error is None:
            self._ready.set_result(None)
        elif isinstance(error, PolyvoxError):
            self._ready.set_exception(error)
        else:
            self._ready.set_exception(SetupError(f"model {self._model.name!r} can't run: {describe(error)}"))

    def on_audio(self, sequence: Sequence, pcm: bytes) -> None:
        self._num_samples += len(pcm) // BYTES_PER_SAMPLE
        sequence.stream.write(pcm)

    def on_spoken(self, sequence: Sequence) -> None:
        sequence.stream.finish()

    def on_failed(self, sequence: Sequence, error: PolyvoxError) -> None:
        sequence.stream.fail(error)

    def on_full(self, sequence: Sequence) -> None:
        task = asyncio.get_running_loop().create_task(self._watch_room(sequence))
        self._room_watches.add(task)
        task.add_done_callback(self._room_watches.discard)

    def on_fault(self, reason: str) -> None:
        self._poison_reason = reason
        self._fail_all(lambda: EnginePoisoned(reason))

    # Inside

    def _require_running(self) -> tuple[Owner, TokenDecoder]:
        if self._poison_reason is not None:
            raise EnginePoisoned(self._poison_reason)
        if self._owner is None or self._decoder is None or self._ready is None or not self._ready.done():
            raise EngineStopped("the engine isn't running")
        return self._owner, self._decoder

    async def _watch_room(self, sequence: Sequence) -> None:
        await sequence.stream.wait_for_room()
        sequence.is_watched = False
        if self._owner is not None:
            self._owner.wake()

    def _release(self, sequence: Sequence) -> None:
        """Free the slot of a stream that has just closed. The only way out, taken once per stream."""
        del self._sequences[sequence.request_id]
        if self._owner is not None:
            self._owner.remove(sequence)
        if sequence.stream.state is StreamState.FINISHED:
            self._num_finished += 1
        else:
            self._num_aborted += 1

    def _fail_all(self, make_error: Callable[[], PolyvoxError]) -> None:
        for sequence in list(self._sequences.values()):
            sequence.stream.fail(make_error())
