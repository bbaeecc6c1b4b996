"""Speech from replicas, over Serve handles."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import anyio
from ray.exceptions import RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RequestCancelledError
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from deployments.config import WaitingArgs
from deployments.credit import CreditLinks
from deployments.failover import OnMove, open_resilient
from deployments.full_replicas import FullReplicas
from deployments.keys.door import Door
from deployments.pulse import InHand, is_silent, patience_s
from deployments.speech import Speech
from deployments.stream_items import StreamEnded, StreamFailed, StreamItem, StreamOpened
from deployments.transport import REPLICA_LOST, over_grpc, running_replicas, trouble_with
from tts_core.engine.stream import AudioChunk
from tts_core.errors import EngineStopped, Overloaded, PolyvoxError, StreamInterrupted
from tts_core.request import SynthesisRequest
from tts_core.voice import VoiceInfo

VOICES_MAX_AGE_S = 30.0

ASK_AGAIN_AFTER_S = (0.0, 0.01, 0.02)
"""Pauses between asking one replica and the next; all is over within the 50 ms that a refusal may take."""


@dataclass(frozen=True)
class Timeouts:
    """How long a listener waits: until an engine takes the request, perhaps loading its model first, and from
    then on for the first audio, which a long sentence delays on a slow machine."""

    admission_s: float
    first_audio_s: float


class RemoteSpeech:
    """One request's stream from one replica. Opened by RemoteSpeechSource.

    Attributes:
        failed_at: the replica that has said why it doesn't speak, if one has.
    """

    def __init__(
        self,
        items: DeploymentResponseGenerator[StreamItem],
        links: CreditLinks,
        on_slot_freed: Callable[[], None],
        may_leave: Callable[[], bool] = lambda: True,
    ) -> None:
        self._items = items
        self._may_leave = may_leave
        self._links = links
        self._on_slot_freed = on_slot_freed
        self._is_closed = False
        self._opened: StreamOpened | None = None
        self._note: Callable[[int], None] | None = None
        self._in_hand: InHand | None = None
        self._is_left = False
        self._first: StreamItem | None = None
        self._num_dropped = 0
        self.failed_at = ""

    @property
    def sample_rate_hz(self) -> int:
        assert self._opened is not None
        return self._opened.sample_rate_hz

    @property
    def fingerprint(self) -> str:
        assert self._opened is not None
        return self._opened.fingerprint

    @property
    def num_dropped(self) -> int:
        return self._num_dropped

    async def wait_for_audio(self) -> None:
        """Wait until the first chunk exists. Raises PolyvoxError where there will be none."""
        self._first = await self._next()

    async def be_admitted(self) -> None:
        """Wait until a replica has taken the request. Raises PolyvoxError where none does."""
        with self._links.asking(self._leave):
            opened = await self._next()
        if not isinstance(opened, StreamOpened):
            raise StreamInterrupted("the replica's stream began without an opening")
        self._opened = opened
        self._in_hand = InHand(opened.sample_rate_hz)
        try:
            self._note = await self._links.open(opened.credit, self._on_slot_freed, self._on_silence)
        except OSError as error:
            raise StreamInterrupted(f"the replica's credit port can't be reached: {error}") from error

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """Yield the audio in order. Raises PolyvoxError where the replica doesn't complete it."""
        item = self._first
        num_samples = 0
        while isinstance(item, AudioChunk):
            num_samples += item.num_samples
            yield item
            item = await self._next()
        if not isinstance(item, StreamEnded) or item.num_samples != num_samples:
            raise StreamInterrupted(
                f"the replica's stream ended with {item}, not after {num_samples} samples"
            )
        self._num_dropped = item.num_dropped

    def acknowledge(self, num_delivered: int) -> None:
        if self._note is not None and self._in_hand is not None:
            self._note(num_delivered)
            self._in_hand.delivered(num_delivered, time.monotonic())

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        cancel: Any = self._items.cancel
        cancel()
        if self._note is not None and self._opened is not None:
            self._links.release(self._opened.credit)
        self._note = None

    def _on_silence(self, silence_s: float) -> None:
        """Leave a silent replica before the listener runs dry."""
        if self._in_hand is not None and silence_s >= patience_s(self._in_hand.seconds(time.monotonic())):
            self._leave()

    def _leave(self) -> None:
        """Wait no longer: what waits for the next item learns that the replica is gone.

        Where there is no other, stay: it may go on, and if Serve replaces it, it is gone.
        """
        if not self._is_closed and self._may_leave():
            self._is_left = True
            cancel: Any = self._items.cancel
            cancel()

    async def _next(self) -> StreamItem:
        try:
            item = await anext(self._items)
        except StopAsyncIteration:
            raise StreamInterrupted("the replica's stream ended early") from None
        except RequestCancelledError:
            if self._is_left:
                raise StreamInterrupted("the replica gives no sign of life", retry_after_s=1) from None
            # When a client is gone, Serve cancels what was asked for it before it cancels the request itself.
            raise asyncio.CancelledError from None
        except Exception as error:
            raise translate(error) from error
        if isinstance(item, StreamFailed):
            self.failed_at = item.replica
            raise item.error()
        return item


class RemoteSpeechSource:
    """Opens speech on the replicas of each model's deployment. One per ingress."""

    def __init__(
        self,
        handles: Mapping[str, DeploymentHandle[Any]],
        multiplexed: frozenset[str],
        timeouts: Timeouts,
        waiting: WaitingArgs,
        on_move: OnMove,
        may_sleep: frozenset[str] = frozenset(),
    ) -> None:
        self._handles = {model: over_grpc(handle) for model, handle in handles.items()}
        self._multiplexed = multiplexed
        self._timeouts = timeouts
        self._links = CreditLinks()
        self._on_move = on_move
        self._max_wait_s = waiting.max_wait_s
        self._may_sleep = may_sleep
        self._looking: dict[str, asyncio.Future[str]] = {}
        self._doors = {model: Door(waiting) for model in handles}
        self._full = {model: FullReplicas(self._running(model)) for model in handles}
        # One function for each model: a connection tells each that it knows, and knows it once.
        self._on_slot_freed = {model: self._slot_freed(model) for model in handles}
        self._may_leave = {model: self._somebody_lives(model) for model in handles}
        self._voices: tuple[VoiceInfo, ...] = ()
        self._voices_at = -VOICES_MAX_AGE_S

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self._handles)

    async def voices(self) -> tuple[VoiceInfo, ...]:
        if time.monotonic() - self._voices_at > VOICES_MAX_AGE_S:
            catalogues = await asyncio.gather(*(self._ask(model, "voices") for model in self._handles))
            # Models of one deployment give the same catalogue.
            self._voices = tuple(dict.fromkeys(voice for catalogue in catalogues for voice in catalogue))
            self._voices_at = time.monotonic()
        return self._voices

    def forget_voices(self) -> None:
        """Ask replicas anew when the catalogue is wanted next."""
        self._voices_at = -VOICES_MAX_AGE_S

    def check_room(self, model: str) -> None:
        self._doors[model].check()

    async def open(self, request: SynthesisRequest, payer: str = "") -> Speech:
        """Open speech that survives the replica that it comes from."""
        return await open_resilient(self._way_in(payer), request, self._on_move)

    def _way_in(self, payer: str) -> Callable[[SynthesisRequest], Awaitable[RemoteSpeech]]:
        """Return how one request is opened, and opened again: a stream that moves was let in before."""
        is_in = False

        async def open_once(request: SynthesisRequest) -> RemoteSpeech:
            nonlocal is_in
            speech = await (self._admit(request) if is_in else self._admit_in_turn(request, payer))
            is_in = True
            return await self._with_audio(speech)

        return open_once

    async def _admit_in_turn(self, request: SynthesisRequest, payer: str) -> RemoteSpeech:
        door = self._doors[request.model]
        with _limit(self._timeouts.admission_s + self._max_wait_s, "no replica took the request"):
            return await door.enter(payer, request.num_chars, lambda: self._admit(request))

    async def _admit(self, request: SynthesisRequest) -> RemoteSpeech:
        """Find a replica with a slot.

        Raises:
            Overloaded: every replica that was asked is full.
            PolyvoxError: see `translate`.
        """
        # A full replica may have a free neighbour: for a moment the router counts streams that have ended.
        for delay_s in ASK_AGAIN_AFTER_S:
            try:
                return await self._ask_one(request)
            except Overloaded:
                if self._full[request.model].are_all():
                    raise
            await asyncio.sleep(delay_s)
        return await self._ask_one(request, anywhere=True)

    async def _ask_one(self, request: SynthesisRequest, *, anywhere: bool = False) -> RemoteSpeech:
        """Ask one replica; `anywhere`: whichever is least busy, which may have to load the model first."""
        handle = self._handles[request.model].options(stream=True, method_name="synthesize")
        if request.model in self._multiplexed and not anywhere:
            # Serve then prefers a replica that has the model in memory.
            handle = handle.options(multiplexed_model_id=request.model)
        items = cast(DeploymentResponseGenerator[StreamItem], handle.remote(request))
        model = request.model
        speech = RemoteSpeech(items, self._links, self._on_slot_freed[model], self._may_leave[model])
        try:
            with _limit(self._timeouts.admission_s, "no replica took the request"), _closed_on_error(speech):
                await speech.be_admitted()
        except Overloaded:
            self._full[request.model].note(speech.failed_at)
            raise
        return speech

    async def _with_audio(self, speech: RemoteSpeech) -> RemoteSpeech:
        with _limit(self._timeouts.first_audio_s, "no replica began to speak"), _closed_on_error(speech):
            await speech.wait_for_audio()
        return speech

    async def check_ready(self) -> None:
        await asyncio.gather(
            *(
                self._check_startable(model) if model in self._may_sleep else self._ask(model, "stats")
                for model in self._handles
            )
        )

    async def _check_startable(self, model: str) -> None:
        """Return if a deployment that may have no replicas is up, or would be. To ask one would wake it."""
        looking = self._looking.get(model)
        if looking is None or looking.done():
            # One at a time: while the controller gives no answer, each of them holds a thread.
            looking = asyncio.ensure_future(asyncio.to_thread(trouble_with, self._handles[model]))
            self._looking[model] = looking
        with _limit(self._timeouts.admission_s, "Serve's controller gives no answer"):
            trouble = await asyncio.shield(looking)
        if trouble:
            raise EngineStopped(f"model {model!r} can't be started: {trouble}")

    def _running(self, model: str) -> Callable[[], frozenset[str]]:
        return lambda: running_replicas(self._handles[model])

    def _somebody_lives(self, model: str) -> Callable[[], bool]:
        running = self._running(model)
        return lambda: not all(map(is_silent, running()))

    def _slot_freed(self, model: str) -> Callable[[], None]:
        def freed() -> None:
            self._full[model].freed()
            self._doors[model].slot_freed()

        return freed

    async def _ask(self, model: str, method: str) -> Any:
        response = getattr(self._handles[model], method).remote()
        try:
            with _limit(self._timeouts.admission_s, f"model {model!r} gives no answer"):
                return await response
        except Exception as error:
            raise translate(error) from error


@contextlib.contextmanager
def _closed_on_error(speech: RemoteSpeech) -> Iterator[None]:
    try:
        yield
    except BaseException:
        speech.close()
        raise


@contextlib.contextmanager
def _limit(seconds: float, otherwise: str) -> Iterator[None]:
    """Raise EngineStopped if what is awaited within takes longer."""
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError:
        raise EngineStopped(f"{otherwise} within {seconds:g} s", retry_after_s=seconds) from None


def translate(error: Exception) -> PolyvoxError:
    """Return Polyvox's word for what a handle raises."""
    if isinstance(error, PolyvoxError):
        return error
    if isinstance(error, BackPressureError):
        return Overloaded(
            "every slot and every place in the queue is taken", retry_after_s=error.retry_after_s
        )
    if isinstance(error, REPLICA_LOST):
        return StreamInterrupted("the replica that was speaking died", retry_after_s=1)
    if isinstance(error, DeploymentUnavailableError):
        return EngineStopped("the model's deployment isn't running", retry_after_s=5)
    if isinstance(error, RayTaskError) and isinstance(error.cause, PolyvoxError):
        return error.cause
    return PolyvoxError(f"the replica failed: {type(error).__name__}")
