"""One turn of a context: clauses spoken one after the other into one stream of audio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from deployments.http.governor import BURST_BYTES, Governor
from deployments.http.planning import Wish
from deployments.http.request_id import fit_for_log
from deployments.http.service import Service
from deployments.keys.key_file import Key
from deployments.metrics.listening import Listening, Outcome
from deployments.speech import CountedSpeech
from deployments.websocket.clause_detector import SCHEDULE, Clause, Ending
from deployments.websocket.errors import Stalled
from deployments.websocket.events import Audio, ClauseBegun, ClauseEnded, Event, WordsHeard
from deployments.websocket.line import Line, OpenSpeech
from deployments.websocket.spoken import Account, Report
from deployments.websocket.track import MakeEncoder, Track
from deployments.websocket.words import ClauseWords, HeardWord
from tts_core.engine.chunks import BYTES_PER_SAMPLE
from tts_core.errors import PolyvoxError

PAUSE_S = {Ending.SENTENCE: 0.25, Ending.COMMA: 0.15, Ending.NONE: 0.15}
"""Silence after a clause. At least as much as codecs hold back, so that a clause is out when it is over."""
AHEAD_S = 1.0
"""The next clause is opened when about so much of the present one is left to be sent."""


@dataclass(frozen=True)
class ContextSettings:
    """What a client says when it opens a context.

    Attributes:
        wish: voice, model and all that; its seed is given, and its text doesn't matter.
        make_encoder: of the format that was asked for.
        schedule: see `ClauseDetector`.
        flush_timeout_s: how long nothing comes before whole words are spoken, or None for the server's own.
        wants_words: whether it is told when words are heard.
    """

    wish: Wish
    make_encoder: MakeEncoder
    schedule: tuple[int, ...] = SCHEDULE
    flush_timeout_s: float | None = None
    wants_words: bool = False


class Emit(Protocol):
    """Tells the client. Raises Stalled or Gone."""

    def __call__(self, event: Event, before: Callable[[], None] | None = None) -> Awaitable[None]: ...


@dataclass(frozen=True)
class Surroundings:
    """What contexts of a connection share.

    Attributes:
        service: opens speech.
        present_key: whose limits hold, as they are now; raises KeyInvalid once it was revoked.
        request_id: the connection's name.
        traceparent: the trace that it belongs to.
        emit: tells the client of events.
        on_done: called with a context's id when it is over.
        on_broken: called with what ends the connection.
    """

    service: Service
    present_key: Callable[[], Key | None]
    request_id: str
    traceparent: str | None
    emit: Emit
    on_done: Callable[[str], None]
    on_broken: Callable[[BaseException], None]

    def opener(self) -> OpenSpeech:
        """Return what opens speech for this connection."""

        async def open_speech(wish: Wish, name: str, *, is_again: bool, like: str) -> CountedSpeech:
            about: dict[str, str | int | float] = {"polyvox.request_id": name}
            with self.service.tracing.request("live text", self.traceparent, about):
                key = self.present_key()
                return await self.service.open(wish, name, key, is_again=is_again, like=like)

        return open_speech


@dataclass(frozen=True)
class Queued:
    """A clause that waits for its turn, since when, by the monotonic clock."""

    clause: Clause
    since_s: float


class Turn:
    """Speaks clauses, and knows how far it got.

    Args:
        context_id: whose turn it is.
        settings: the context's.
        around: the connection.
    """

    def __init__(self, context_id: str, settings: ContextSettings, around: Surroundings) -> None:
        name = f"{around.request_id}.{fit_for_log(context_id)}" if context_id else around.request_id
        self._id, self._around = context_id, around
        self._line = Line(around.opener(), settings.wish, name)
        self._track = Track(settings.make_encoder, around.service.pool)
        self._account = Account()
        self._governor = Governor(None if around.service.transport_holds_back else BURST_BYTES)
        self._index = 0
        self._begun: Clause | None = None
        self._start_s = 0.0
        self._told = (0, 0.0)
        self._wants_words = settings.wants_words
        self._free_since_s = 0.0
        self._unsent_s = 0.0

    def has_begun(self, clause: Clause) -> bool:
        """Whether this clause is the one begun last."""
        return self._begun is clause

    @property
    def sent_ms(self) -> int:
        """Audio that was sent."""
        return round(1000 * self._account.sent_s)

    async def speak(self, queued: Queued, following: Callable[[], Clause | None]) -> None:
        """Speak a clause to its end; `following` tells which one comes next, once it is known.

        Raises:
            PolyvoxError: it can't be spoken, or broke off. EmptyInput: there is nothing in it to speak.
            Stalled, Gone: see `Outbox`.
        """
        speech = await self._line.open(queued.clause, self._index)
        listening = self._around.service.figures.listening(speech.model)
        listening.begin(max(queued.since_s, self._free_since_s))
        outcome = Outcome.CANCELLED
        try:
            words = ClauseWords.of(queued.clause, speech)
            await self._begin(queued.clause)
            await self._pass_on(speech, listening, following, words)
            await self._rest(queued.clause.ending, speech.sample_rate_hz)
            await self._tell_words(await words.finish(), is_last=True)
            outcome = Outcome.COMPLETED
        except PolyvoxError:
            outcome = Outcome.FAILED
            raise
        except Stalled:
            outcome = Outcome.STALLED
            raise
        finally:
            speech.close()
            listening.end(outcome)
        await self._around.emit(ClauseEnded(self._id, self._index, self.sent_ms, speech.num_dropped))
        self._index += 1
        self._free_since_s = time.monotonic()

    async def finish(self) -> None:
        """Send what the codec holds back."""
        rest = await self._track.finish()
        if rest:
            await self._around.emit(Audio(self._id, max(0, self._index - 1), rest))

    def report(self, played_s: float | None, pending: str) -> Report:
        """Return what was heard by now; see `Account.report`."""
        return self._account.report(played_s, time.monotonic(), pending)

    def close(self) -> None:
        """End it at once. Never waits."""
        self._line.close()
        self._track.abandon()

    async def _begin(self, clause: Clause) -> None:
        start_ms = self.sent_ms
        self._start_s, self._told = self._account.sent_s, (0, 0.0)
        self._account.begin(clause)
        self._begun = clause
        seed = self._line.seed(self._index)
        request_id = self._line.request_id
        await self._around.emit(ClauseBegun(self._id, self._index, clause, seed, request_id, start_ms))

    async def _pass_on(
        self,
        speech: CountedSpeech,
        listening: Listening,
        following: Callable[[], Clause | None],
        words: ClauseWords,
    ) -> None:
        num_samples = 0
        async for chunk in speech.chunks():
            await self._send(chunk.pcm, speech.sample_rate_hz, listening)
            num_samples += chunk.num_samples
            speech.acknowledge(num_samples)
            await self._tell_words(await words.add(chunk))
            upcoming = following()
            if upcoming is not None and self._account.remaining_s() < AHEAD_S:
                self._line.prepare(upcoming, self._index + 1)
        self._account.complete()

    async def _tell_words(self, words: tuple[HeardWord, ...], *, is_last: bool = False) -> None:
        """Note words, and tell of them who wants to know; with the last ones, of the rest of the text."""
        self._account.note(words)
        first, from_s = self._told
        assert self._begun is not None
        last = len(self._begun.text) if is_last else max((word.end for word in words), default=first)
        if not self._wants_words or last == first:
            return
        until_s = self._account.sent_s - self._start_s if is_last else words[-1].end_s
        self._told = last, until_s
        await self._around.emit(
            WordsHeard(self._id, self._index, self._begun, first, last, words, self._start_s, from_s, until_s)
        )

    async def _rest(self, ending: Ending, rate_hz: int) -> None:
        silence = bytes(BYTES_PER_SAMPLE * int(PAUSE_S[ending] * rate_hz))
        await self._send(silence, rate_hz)

    async def _send(self, pcm: bytes, rate_hz: int, listening: Listening | None = None) -> None:
        data = await self._track.encode(pcm, rate_hz)
        self._unsent_s += len(pcm) / BYTES_PER_SAMPLE / rate_hz
        if not data:
            return
        await self._governor.admit(len(data), self._account.sent_s)
        audio_s, self._unsent_s = self._unsent_s, 0.0
        if listening is not None:
            listening.begin_write()
        await self._around.emit(
            Audio(self._id, self._index, data), lambda: self._account.add(audio_s, time.monotonic())
        )
        if listening is not None:
            listening.end_write(pcm, audio_s)


def new_task(
    work: Coroutine[Any, Any, None], on_broken: Callable[[BaseException], None]
) -> asyncio.Task[None]:
    """Run `work`, and tell `on_broken` of what it fails with."""

    def check(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            on_broken(error)

    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(check)
    return task
