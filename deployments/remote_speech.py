"""Speech from replicas, over Serve handles."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import anyio
from ray.exceptions import RayActorError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from deployments.credit import CreditLinks
from deployments.failover import open_resilient
from deployments.speech import Speech
from deployments.stream_items import StreamEnded, StreamFailed, StreamItem, StreamOpened
from deployments.transport import over_grpc
from tts_core.engine.stream import AudioChunk
from tts_core.errors import EngineStopped, Overloaded, PolyvoxError, StreamInterrupted
from tts_core.request import SynthesisRequest
from tts_core.voice import VoiceInfo

VOICES_MAX_AGE_S = 30.0
# After a refusal by the replicas, later comers are refused here for so long: in a burst, asking costs the
# replicas more than the listeners gain by it.
FULL_FOR_S = 0.05


@dataclass(frozen=True)
class Timeouts:
    """How long a listener waits: until an engine takes the request, perhaps loading its model first, and from
    then on for the first audio, which a long sentence delays on a slow machine."""

    admission_s: float
    first_audio_s: float


class RemoteSpeech:
    """One request's stream from one replica. Opened by RemoteSpeechSource."""

    def __init__(self, items: DeploymentResponseGenerator[StreamItem], links: CreditLinks) -> None:
        self._items = items
        self._links = links
        self._opened: StreamOpened | None = None
        self._note: Callable[[int], None] | None = None
        self._first: StreamItem | None = None
        self._num_dropped = 0

    @property
    def sample_rate_hz(self) -> int:
        assert self._opened is not None
        return self._opened.sample_rate_hz

    @property
    def num_dropped(self) -> int:
        return self._num_dropped

    async def open(self, timeouts: Timeouts) -> None:
        """Wait until the first chunk exists. Raises PolyvoxError where there will be none."""
        with _limit(timeouts.admission_s, "no replica took the request"):
            await self._be_admitted()
        with _limit(timeouts.first_audio_s, "no replica began to speak"):
            self._first = await self._next()

    async def _be_admitted(self) -> None:
        opened = await self._next()
        if not isinstance(opened, StreamOpened):
            raise StreamInterrupted("the replica's stream began without an opening")
        self._opened = opened
        try:
            self._note = await self._links.open(opened.credit)
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
        if self._note is not None:
            self._note(num_delivered)

    def close(self) -> None:
        cancel: Any = self._items.cancel
        cancel()
        if self._note is not None and self._opened is not None:
            self._links.release(self._opened.credit)
        self._note = None

    async def _next(self) -> StreamItem:
        try:
            item = await anext(self._items)
        except StopAsyncIteration:
            raise StreamInterrupted("the replica's stream ended early") from None
        except Exception as error:
            raise translate(error) from error
        if isinstance(item, StreamFailed):
            raise item.error()
        return item


class RemoteSpeechSource:
    """Opens speech on the replicas of each model's deployment. One per ingress."""

    def __init__(
        self,
        handles: Mapping[str, DeploymentHandle[Any]],
        multiplexed: frozenset[str],
        timeouts: Timeouts,
    ) -> None:
        self._handles = {model: over_grpc(handle) for model, handle in handles.items()}
        self._multiplexed = multiplexed
        self._timeouts = timeouts
        self._links = CreditLinks()
        self._full: dict[str, tuple[float, Overloaded]] = {}
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

    async def open(self, request: SynthesisRequest) -> Speech:
        """Open speech that survives the replica that it comes from."""
        return await open_resilient(self.open_once, request)

    async def open_once(self, request: SynthesisRequest) -> RemoteSpeech:
        """Open speech on one replica.

        Raises:
            Overloaded: every replica that was asked is full.
            PolyvoxError: see `translate`.
        """
        full = self._full.get(request.model)
        if full is not None and time.monotonic() - full[0] < FULL_FOR_S:
            # A new one each time: raised again and again, one object would gather every caller's traceback.
            raise Overloaded(full[1].message, retry_after_s=full[1].retry_after_s)
        try:
            # A full replica may have a free neighbour that the router's figures didn't show yet.
            with contextlib.suppress(Overloaded):
                return await self._open(request)
            return await self._open(request)
        except Overloaded as error:
            self._full[request.model] = (time.monotonic(), error)
            raise

    async def _open(self, request: SynthesisRequest) -> RemoteSpeech:
        handle = self._handles[request.model].options(stream=True, method_name="synthesize")
        if request.model in self._multiplexed:
            # Serve then prefers a replica that has the model in memory.
            handle = handle.options(multiplexed_model_id=request.model)
        items = cast(DeploymentResponseGenerator[StreamItem], handle.remote(request))
        speech = RemoteSpeech(items, self._links)
        try:
            await speech.open(self._timeouts)
        except BaseException:
            speech.close()
            raise
        return speech

    async def check_ready(self) -> None:
        await asyncio.gather(*(self._ask(model, "stats") for model in self._handles))

    async def _ask(self, model: str, method: str) -> Any:
        response = getattr(self._handles[model], method).remote()
        try:
            with _limit(self._timeouts.admission_s, f"model {model!r} gives no answer"):
                return await response
        except Exception as error:
            raise translate(error) from error


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
    if isinstance(error, RayActorError):
        return StreamInterrupted("the replica that was speaking died", retry_after_s=1)
    if isinstance(error, DeploymentUnavailableError):
        return EngineStopped("the model's deployment isn't running", retry_after_s=5)
    if isinstance(error, RayTaskError) and isinstance(error.cause, PolyvoxError):
        return error.cause
    return PolyvoxError(f"the replica failed: {type(error).__name__}")
