"""The formant engine: streams of speech from espeak-ng, all of them driven by one event loop.

The library lives in a host process that forks for every segment (see `host` for why), so the engine only
moves frames from sockets to streams. It needs no threads: when a stream is full its socket is left unread,
and the process behind it blocks.
"""

from __future__ import annotations

import asyncio
import json
import platform
import time
import weakref

from tts_core import __version__
from tts_core.engine.forecast import Forecast
from tts_core.engine.open_streams import OpenStreams
from tts_core.engine.protocol import POISONED, Room
from tts_core.engine.stream import SpeechStream, StreamLimits
from tts_core.errors import (
    EmptyInput,
    EnginePoisoned,
    EngineStopped,
    Overloaded,
    SegmentFailed,
)
from tts_core.fingerprints import digest, versions
from tts_core.models.formant.admission import check_request
from tts_core.models.formant.connection import Connection
from tts_core.models.formant.espeak import SAMPLE_RATE_HZ
from tts_core.models.formant.host_process import HostProcess
from tts_core.models.formant.scheduler import Scheduler, SequenceStatus
from tts_core.models.formant.sequence import Sequence
from tts_core.models.formant.voices import Catalogue
from tts_core.models.formant.wire import Frame, FrameKind, pack
from tts_core.request import SynthesisRequest
from tts_core.stats import EngineStats
from tts_core.voice import VoiceInfo

_TURN_S = 0.5


class FormantEngine:
    """An `AsyncEngine` over espeak-ng.

    The same request gives the same bytes on every run; `seed` has no influence, for nothing is drawn. Speed
    from 0.25 to 4 and pitch from 0.5 to 2 are accepted; `prosody` says how closely they are met. Segments are
    joined as they are, with the pause that espeak-ng itself makes after a sentence. Text is always plain:
    markup, phoneme codes and control characters are never obeyed.

    Args:
        limits: how far each stream runs ahead of its listener, and the sizes of its chunks.
        num_slots: streams that may be open at once.
        max_running: utterances that compute at the same time; more than there are cores gains nothing.
        model_name: what requests must name as their model.
    """

    def __init__(
        self,
        limits: StreamLimits,
        num_slots: int = 64,
        max_running: int = 2,
        model_name: str = "formant",
    ) -> None:
        self._limits = limits
        self._num_slots = num_slots
        self._model_name = model_name
        self._fingerprint = digest("formant", __version__, versions("espeakng-loader"), platform.machine())
        self._scheduler: Scheduler[Sequence] = Scheduler(max_running, int(_TURN_S * SAMPLE_RATE_HZ))
        self._open: OpenStreams[Sequence] = OpenStreams(num_slots, SAMPLE_RATE_HZ)
        self._forecast = Forecast()
        self._connections: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._room_watches: set[asyncio.Task[None]] = set()
        self._host: HostProcess | None = None
        self._catalogue: Catalogue | None = None
        self._schedule_pending = False
        self._poison_reason: str | None = None

    @property
    def sample_rate_hz(self) -> int:
        return SAMPLE_RATE_HZ

    @property
    def host_pid(self) -> int:
        """Process id of the host, for whoever measures its memory. Only while the engine is started."""
        return self._require_host().pid

    async def start(self) -> None:
        """Start the host process and read its voices.

        Raises:
            MissingDependency: espeak-ng isn't installed, or can't be used here.
        """
        if self._host is not None:
            raise RuntimeError("the engine was started already")
        host = HostProcess(self._poison)
        try:
            self._catalogue = await host.catalogue()
        except BaseException:
            await host.stop()
            raise
        self._host = host

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Return each language's own voice. `+variant` may follow any id; see `variants`."""
        return self._require_catalogue().infos(self._model_name)

    def variants(self) -> tuple[str, ...]:
        """Return the names of speakers that may follow a voice's id after a `+`."""
        return self._require_catalogue().variants

    def generate(self, request: SynthesisRequest) -> SpeechStream:
        """Admit a request and return its stream at once; audio follows.

        A segment that crashes its process ends the stream with SegmentFailed. A request in which nothing can
        be heard ends it with EmptyInput, before any audio unless more than 5 s of silence came first.

        Raises:
            UnknownModel, UnknownVoice, UnsupportedLanguage, InvalidParameter, EmptyInput: as they say.
            Overloaded: every slot is taken.
            EnginePoisoned, EngineStopped: the engine can't speak any more.
        """
        self.check_health()
        check_request(request, self._model_name, self._open)
        voice = self._require_catalogue().resolve(request.voice, request.language)
        for segment in request.segments:
            voice.check_text(segment.text)
        room = self.room()
        if not room.num_free:
            raise Overloaded(f"all {self._num_slots} slots are taken", retry_after_s=room.soonest_s)
        stream = SpeechStream(
            SAMPLE_RATE_HZ,
            self._limits,
            lambda _: self._release(request.request_id),
            returning=request.returning,
        )
        stream.fingerprint = self._fingerprint
        sequence = Sequence(request, voice, stream)
        self._open.add(request.request_id, sequence)
        self._forecast.opened(stream, request, asyncio.get_running_loop().time())
        self._scheduler.add(sequence)
        self._schedule_soon()
        return stream

    def room(self) -> Room:
        """Return whether `generate` would admit anyone now, or when."""
        if self._poison_reason is not None:
            return POISONED
        soonest_s = self._forecast.soonest_s(asyncio.get_running_loop().time())
        return Room(max(0, self._num_slots - len(self._open)), soonest_s)

    def abort(self, request_id: str) -> bool:
        """End a stream early and free its slot. Returns whether there was one."""
        return self._open.abort(request_id)

    def check_health(self) -> None:
        """Return while the engine can speak.

        Raises:
            EnginePoisoned: its host process died, or its books don't balance.
            EngineStopped: it isn't started, or was stopped.
        """
        if self._poison_reason is not None:
            raise EnginePoisoned(self._poison_reason)
        self._require_host()

    def stats(self) -> EngineStats:
        """Return a snapshot of the engine's figures."""
        return self._open.stats()

    async def stop(self) -> None:
        """End every stream with EngineStopped, and return when the host process is gone."""
        host, self._host = self._host, None
        self._open.fail_all(lambda: EngineStopped("the engine was stopped"))
        if host is not None:
            await host.stop()
        await asyncio.gather(*self._room_watches)

    # Inside

    def _require_host(self) -> HostProcess:
        if self._host is None:
            raise EngineStopped("the engine isn't running")
        return self._host

    def _require_catalogue(self) -> Catalogue:
        if self._catalogue is None:
            raise EngineStopped("the engine isn't running")
        return self._catalogue

    # Turns

    def _schedule_soon(self) -> None:
        """Decide anew before the loop sleeps. Not at once: callers are in the middle of changing things."""
        if not self._schedule_pending:
            self._schedule_pending = True
            asyncio.get_running_loop().call_soon(self._schedule)

    def _schedule(self) -> None:
        self._schedule_pending = False
        if self._poison_reason is not None or self._host is None:
            return
        decision = self._scheduler.schedule()
        for sequence in decision.rested:
            if sequence.connection is not None:
                sequence.connection.pause()
            if sequence.status is SequenceStatus.PAUSED:
                self._watch_room(sequence)
        for sequence in decision.running:
            if sequence.connection is None:
                self._begin_segment(sequence)
            if sequence.connection is not None:
                sequence.connection.resume()

    def _watch_room(self, sequence: Sequence) -> None:
        async def watch() -> None:
            await sequence.stream.wait_for_room()
            self._schedule_soon()

        task = asyncio.get_running_loop().create_task(watch())
        self._room_watches.add(task)
        task.add_done_callback(self._room_watches.discard)

    def _begin_segment(self, sequence: Sequence) -> None:
        try:
            connected = self._require_host().connect()
        except OSError as error:
            sequence.stream.fail(SegmentFailed(f"no process could be had for the segment: {error}"))
            return
        timeline = sequence.stream.timeline
        if timeline.begun_s is None:
            timeline.begun_s = time.monotonic()
        sequence.mark_segment()
        command = pack(FrameKind.SPEAK, json.dumps(sequence.next_utterance()).encode())
        sequence.connection = connection = Connection(
            connected,
            command,
            lambda frames: self._take(sequence, frames),
            lambda: sequence.stream.fail(_crashed(sequence)),
        )
        self._connections.add(connection)

    # Frames

    def _take(self, sequence: Sequence, frames: list[Frame]) -> None:
        for kind, payload in frames:
            if kind is FrameKind.AUDIO:
                sequence.add_audio(payload)
                self._open.count(len(payload))
            elif kind is FrameKind.WORDS:
                sequence.mark_words(json.loads(payload))
            elif kind is FrameKind.DONE:
                self._end_segment(sequence)
            else:
                sequence.stream.fail(SegmentFailed(payload.decode()))
        self._schedule_soon()

    def _end_segment(self, sequence: Sequence) -> None:
        sequence.disconnect()
        if not sequence.is_complete:
            return
        if sequence.audible:
            sequence.stream.finish()
        else:
            sequence.stream.fail(EmptyInput("nothing in the text can be spoken in this voice", param="input"))

    # Ends

    def _release(self, request_id: str) -> None:
        """Free the slot of a stream that has just closed. The only way out, taken once per stream."""
        sequence = self._open.release(request_id)
        self._forecast.closed(sequence.stream)
        self._scheduler.remove(sequence)
        sequence.disconnect()
        self._schedule_soon()
        if not len(self._open):
            self._check_idle()

    def _check_idle(self) -> None:
        """With no stream open nothing may be left; if there is, this engine's books can't be trusted."""
        num_connected = sum(not connection.closed for connection in self._connections)
        if num_connected or len(self._scheduler):
            self._poison(f"idle, but {num_connected} utterances and {len(self._scheduler)} turns are left")

    def _poison(self, reason: str) -> None:
        self._poison_reason = reason
        self._open.fail_all(lambda: EnginePoisoned(reason))


def _crashed(sequence: Sequence) -> SegmentFailed:
    return SegmentFailed(f"espeak-ng crashed on segment {sequence.num_begun - 1}", param="input")
