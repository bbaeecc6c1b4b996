"""One request's stream from one replica, over a Serve handle."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
from ray.exceptions import RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RequestCancelledError
from ray.serve.handle import DeploymentResponseGenerator

from deployments.credit import CreditLinks, OnRoom
from deployments.pulse import InHand, patience_s
from deployments.stream_items import StreamEnded, StreamFailed, StreamItem, StreamOpened
from deployments.transport import REPLICA_LOST
from tts_core.engine.chunks import AudioChunk
from tts_core.engine.protocol import Room
from tts_core.errors import EngineStopped, Overloaded, PolyvoxError, StreamInterrupted
from tts_core.request import Returning

NEWCOMER = Returning(0, 0.0)


class RemoteSpeech:
    """One request's stream from one replica. Opened by RemoteSpeechSource.

    Args:
        items: as a Serve handle gives them.
        links: to the replicas.
        on_room: told what room its replica has, and whenever any stream on it has ended.
        may_leave: whether there is another replica to go to.
        progress_s: how long the next audio may take, once there was some and all of it was delivered, so that
            the replica has room to go on.
        returning: what its listener has from other replicas.

    Attributes:
        failed_at: the replica that has said why it doesn't speak, if one has.
    """

    def __init__(
        self,
        items: DeploymentResponseGenerator[StreamItem],
        links: CreditLinks,
        on_room: OnRoom,
        may_leave: Callable[[], bool] = lambda: True,
        progress_s: float = math.inf,
        returning: Returning = NEWCOMER,
    ) -> None:
        self._items = items
        self._progress_s = progress_s
        self._dry_at_s = time.monotonic() + returning.in_hand_s
        self._num_known = returning.num_known
        self._may_leave = may_leave
        self._links = links
        self._on_room = on_room
        self._is_closed = False
        self._opened: StreamOpened | None = None
        self._note: Callable[[int], None] | None = None
        self._in_hand: InHand | None = None
        self._is_left = False
        self._first: StreamItem | None = None
        self._num_dropped = 0
        self._num_received = self._num_delivered = 0
        self._waiting = anyio.CancelScope()
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
    def replica(self) -> str:
        assert self._opened is not None
        return self._opened.credit.replica

    @property
    def answered(self) -> tuple[str, Room] | None:
        """The replica that has taken the request, and what room it has beside it, if it can tell."""
        if self._opened is None or self._opened.num_free is None:
            return None
        return self._opened.credit.replica, Room(self._opened.num_free, self._opened.soonest_s)

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
            self._note = await self._links.open(opened.credit, self._on_room, self._on_silence)
        except OSError as error:
            raise StreamInterrupted(f"the replica's credit port can't be reached: {error}") from error

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """Yield the audio in order. Raises PolyvoxError where the replica doesn't complete it."""
        item = self._first or await self._progress("no replica began to speak")
        while isinstance(item, AudioChunk):
            self._num_received = (self._num_received or item.start_sample) + item.num_samples
            yield item
            item = await self._progress("the replica didn't go on")
        if not isinstance(item, StreamEnded) or item.num_samples != self._num_received:
            raise StreamInterrupted(
                f"the replica's stream ended with {item}, not after {self._num_received} samples"
            )
        self._num_dropped = item.num_dropped

    def acknowledge(self, num_delivered: int) -> None:
        if self._note is not None and self._in_hand is not None:
            self._note(num_delivered)
            self._in_hand.delivered(num_delivered, time.monotonic())
            if num_delivered > self._num_delivered:
                self._num_delivered = num_delivered
                self._limit_wait()

    async def _progress(self, otherwise: str) -> StreamItem:
        """Wait for the next item.

        Raises:
            EngineStopped: the listener has had everything for `progress_s`, and no more came.
        """
        with anyio.CancelScope() as self._waiting:
            self._limit_wait()
            return await self._next()
        raise EngineStopped(f"{otherwise} within {self._progress_s:g} s", retry_after_s=self._progress_s)

    def _limit_wait(self) -> None:
        if self._num_delivered < max(self._num_received, self._num_known):
            self._waiting.deadline = math.inf
        elif self._waiting.deadline == math.inf:  # from now on, whatever else they are sent meanwhile
            self._waiting.deadline = anyio.current_time() + self._progress_s

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
        if self._in_hand is None:
            return
        now_s = time.monotonic()
        in_hand_s = self._in_hand.seconds(now_s, self._num_received)
        if silence_s >= patience_s(max(in_hand_s, self._dry_at_s - now_s)):
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


@contextlib.contextmanager
def limit(seconds: float, otherwise: str) -> Iterator[None]:
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
