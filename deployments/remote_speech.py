"""Speech from replicas, over Serve handles."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from deployments.catalogue import Catalogue
from deployments.config import WaitingArgs
from deployments.credit import CreditLinks, OnRoom
from deployments.elsewhere import REPLICA_GONE, GivenUp, OnMove
from deployments.failover import open_resilient
from deployments.full_replicas import FullReplicas
from deployments.keys.door import Door
from deployments.pulse import is_silent
from deployments.read_ahead import ReadAhead
from deployments.replica_stream import NEWCOMER, RemoteSpeech, limit, translate
from deployments.speech import Speech
from deployments.spreading import Spread
from deployments.stream_items import StreamItem
from deployments.transport import over_grpc, running_replicas, trouble_with
from deployments.trials import MAX_STRIKES, Trials
from tts_core.engine.protocol import Room
from tts_core.errors import EnginePoisoned, EngineStopped, Overloaded, PolyvoxError
from tts_core.request import SynthesisRequest
from tts_core.voice import VoiceInfo

ASK_AGAIN_AFTER_S = (0.0, 0.01, 0.02)
"""Pauses between asking one replica and the next; all is over within the 50 ms that a refusal may take."""


@dataclass(frozen=True)
class Timeouts:
    """How long a listener waits: until an engine takes the request, perhaps loading its model first, and from
    then on for each piece of audio, which a long sentence delays on a slow machine."""

    admission_s: float
    first_audio_s: float


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
        on_spread: Callable[[str], None] = lambda model: None,
    ) -> None:
        self._handles = {model: over_grpc(handle) for model, handle in handles.items()}
        self._multiplexed = multiplexed
        self._timeouts = timeouts
        self._links = CreditLinks()
        self._on_move = on_move
        self._max_wait_s = waiting.max_wait_s
        self._may_sleep = may_sleep
        self._trials = {model: Trials() for model in handles}
        # Where a replica would have to load the model first, nobody is helped by a move.
        alone = handles.keys() - multiplexed
        self._spreads = {model: Spread(self._living(model), partial(on_spread, model)) for model in alone}
        self._looking: dict[str, asyncio.Future[str]] = {}
        self._full = {model: FullReplicas(model, self._running(model)) for model in handles}
        self._doors = {model: Door(waiting, self._full[model]) for model in handles}
        # One function for each model: a connection tells each that it knows, and knows it once.
        self._on_room = {model: self._room_heard_of(model) for model in handles}
        self._may_leave = {model: self._somebody_lives(model) for model in handles}
        self._catalogue = Catalogue(self.models, self._ask_for_voices, self._is_asleep)

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self._handles)

    async def voices(self) -> tuple[VoiceInfo, ...]:
        return await self._catalogue.voices()

    def forget_voices(self) -> None:
        """Ask replicas anew when the catalogue is wanted next."""
        self._catalogue.forget()

    def check_room(self, model: str) -> None:
        door = self._doors[model]
        if door.is_shut:  # a listener for whom there should be a replica, and of whom none hears
            self._links.turned_away(self._running(model)())
        door.check()

    async def open(self, request: SynthesisRequest, payer: str = "") -> Speech:
        """Open speech that survives the replica that it comes from."""
        trials, spread = self._trials[request.model], self._spreads.get(request.model)
        return ReadAhead(await open_resilient(self._way_in(payer), request, self._on_move, trials, spread))

    def _way_in(self, payer: str) -> Callable[[SynthesisRequest], Awaitable[RemoteSpeech]]:
        """Return how one request is opened, and opened again: a stream that moves was let in before.

        Nor does it wait for audio: what becomes of a stream that was taken is for `Trials` to judge. Before
        that, `MAX_STRIKES` replicas that took the request and were lost are enough: it may be what ends them.
        """
        is_in = has_begun = False
        num_lost = 0

        async def open_once(request: SynthesisRequest) -> RemoteSpeech:
            nonlocal is_in, has_begun, num_lost
            speech = await (self._admit(request) if is_in else self._admit_in_turn(request, payer))
            is_in = True
            if not has_begun:
                try:
                    await self._with_audio(speech)
                except REPLICA_GONE as error:
                    num_lost += 1
                    if num_lost == MAX_STRIKES:
                        raise GivenUp(error) from error
                    raise
                has_begun = True
            return speech

        return open_once

    async def _admit_in_turn(self, request: SynthesisRequest, payer: str) -> RemoteSpeech:
        door = self._doors[request.model]
        with limit(self._timeouts.admission_s + self._max_wait_s, "no replica took the request"):
            return await door.enter(payer, request.num_chars, lambda: self._admit(request))

    async def _admit(self, request: SynthesisRequest) -> RemoteSpeech:
        """Find a replica with a slot.

        Raises:
            Overloaded: every replica is known to be full, or was when it was asked.
            PolyvoxError: see `translate`.
        """
        # A full replica may have a free neighbour: for a moment the router counts streams that have ended.
        full = self._full[request.model]
        for delay_s in ASK_AGAIN_AFTER_S:
            full.check()
            with contextlib.suppress(Overloaded):
                return await self._ask_one(request)
            await asyncio.sleep(delay_s)
        full.check()
        return await self._ask_one(request, anywhere=True)

    async def _ask_one(self, request: SynthesisRequest, *, anywhere: bool = False) -> RemoteSpeech:
        """Ask one replica; `anywhere`: whichever is least busy, which may have to load the model first."""
        handle = self._handles[request.model].options(stream=True, method_name="synthesize")
        if request.model in self._multiplexed and not anywhere:
            # Serve then prefers a replica that has the model in memory.
            handle = handle.options(multiplexed_model_id=request.model)
        items = cast(DeploymentResponseGenerator[StreamItem], handle.remote(request))
        model = request.model
        progress_s = self._timeouts.first_audio_s
        returning = request.returning or NEWCOMER
        on_room, may_leave = self._on_room[model], self._may_leave[model]
        speech = RemoteSpeech(items, self._links, on_room, may_leave, progress_s, returning)
        asked_at_s = time.monotonic()
        try:
            with limit(self._timeouts.admission_s, "no replica took the request"), _closed_on_error(speech):
                await speech.be_admitted()
        except (Overloaded, EnginePoisoned, EngineStopped) as error:
            # Who can't speak any more looks idle: it would be asked before all others until it is replaced.
            if speech.failed_at:
                self._full[model].answered(speech.failed_at, Room(0, error.retry_after_s or 0.0), asked_at_s)
            raise
        if speech.answered is not None:
            self._full[model].answered(*speech.answered, asked_at_s)
        return speech

    async def _with_audio(self, speech: RemoteSpeech) -> RemoteSpeech:
        with limit(self._timeouts.first_audio_s, "no replica began to speak"), _closed_on_error(speech):
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
        try:
            with limit(self._timeouts.admission_s, "Serve's controller gives no answer"):
                trouble = await asyncio.shield(looking)
        except PolyvoxError:
            raise
        except Exception as error:
            raise EngineStopped("Serve's controller can't be asked", retry_after_s=5) from error
        if trouble:
            raise EngineStopped(f"model {model!r} can't be started: {trouble}")

    def _running(self, model: str) -> Callable[[], frozenset[str]]:
        return lambda: running_replicas(self._handles[model])

    def _living(self, model: str) -> Callable[[], frozenset[str]]:
        running = self._running(model)
        return lambda: frozenset(itertools.filterfalse(is_silent, running()))

    def _somebody_lives(self, model: str) -> Callable[[], bool]:
        living = self._living(model)
        return lambda: bool(living())

    def _room_heard_of(self, model: str) -> OnRoom:
        def heard(replica: str, room: Room | None) -> None:
            if room is None:
                self._full[model].freed(replica)
            else:
                self._full[model].said(replica, room)
            self._doors[model].slots_freed(1 if room is None else room.num_free)

        return heard

    async def _ask_for_voices(self, model: str) -> tuple[VoiceInfo, ...]:
        voices: tuple[VoiceInfo, ...] = await self._ask(model, "voices")
        return voices

    def _is_asleep(self, model: str) -> bool:
        return model in self._may_sleep and not self._running(model)()

    async def _ask(self, model: str, method: str) -> Any:
        response = getattr(self._handles[model], method).remote()
        try:
            with limit(self._timeouts.admission_s, f"model {model!r} gives no answer"):
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
