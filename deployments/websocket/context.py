"""One of a connection's contexts: text goes in as it is written, and is spoken as it becomes clauses."""

from __future__ import annotations

import asyncio
import enum
import time
from collections import deque

from deployments.config import LiveTextArgs
from deployments.websocket.clause_detector import Clause, ClauseDetector
from deployments.websocket.events import ClauseSkipped, Done, Failed, Flushed, Interrupted
from deployments.websocket.turn import ContextSettings, Queued, Surroundings, Turn, new_task
from tts_core.errors import EmptyInput, InputTooLong, PolyvoxError

_CHARS_AT_ONCE = 500


class _Mark(enum.Enum):
    """Something between clauses that is told when all before it has been spoken."""

    FLUSHED = enum.auto()
    END = enum.auto()


class Context:
    """Belongs to the event loop.

    Args:
        context_id: its name, in all events.
        settings: what the client said.
        around: the connection.
        args: the server's timeouts.
        max_chars: how much text may wait to be spoken.
    """

    def __init__(
        self,
        context_id: str,
        settings: ContextSettings,
        around: Surroundings,
        args: LiveTextArgs,
        max_chars: int,
    ) -> None:
        self.id = context_id
        self._settings, self._around, self._max_chars = settings, around, max_chars
        options = settings.wish.text_options
        is_set = options.text_format == "markdown" or options.inline_phones
        self._detector = ClauseDetector(settings.schedule, is_set=is_set)
        self._queue: deque[Queued | _Mark] = deque()
        self._arrived = asyncio.Event()
        self._turn = Turn(context_id, settings, around)
        self._current: Clause | None = None
        flush_s = args.flush_timeout_s if settings.flush_timeout_s is None else settings.flush_timeout_s
        self._timeouts_s = (flush_s, max(flush_s, args.word_timeout_s))
        self._timers: list[asyncio.TimerHandle] = []
        self.is_ending = False
        self._is_closed = self._is_feeding = False
        self._task = new_task(self._run(), around.on_broken)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to speak, nor to wait for."""
        return self._current is None and not self._queue and not self._detector.held.strip()

    async def feed(self, text: str) -> None:
        """Take a piece of text; others have their turns while a long one is looked through.

        Raises:
            InputTooLong: too much text waits to be spoken. None of the piece is taken.
        """
        num_waiting = len(self._pending()) + len(text)
        if num_waiting > self._max_chars:
            raise InputTooLong(
                f"{num_waiting} characters would wait to be spoken; {self._max_chars} are allowed",
                param="text",
            )
        self._stop_timers()
        self._is_feeding = True
        for start in range(0, len(text), _CHARS_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            for clause in self._detector.feed(text[start : start + _CHARS_AT_ONCE]):
                self._enqueue(clause)
        self._is_feeding = False
        if self.is_ending:  # since the server goes
            self._finish()
        self._set_timers()

    def flush(self) -> None:
        """Speak all that has arrived, and tell when it was sent."""
        self._enqueue(self._detector.flush())
        self._add(_Mark.FLUSHED)
        self._set_timers()

    def end(self) -> None:
        """Speak all that has arrived, and then be done."""
        if not self.is_ending:
            self.is_ending = True
            if not self._is_feeding:
                self._finish()

    def _finish(self) -> None:
        self._enqueue(self._detector.flush())
        self._add(_Mark.END)
        self._set_timers()

    async def interrupt(self, played_s: float | None) -> None:
        """Fall silent at once, and tell what had been heard. Other text may follow, unless it was ended.

        Raises:
            Stalled, Gone: see `Outbox`.
        """
        self._task.cancel()
        await asyncio.wait({self._task})
        if self._is_closed:  # it was done just before
            return
        report = self._turn.report(played_s, self._pending())
        self._begin_anew()
        await self._around.emit(Interrupted(self.id, report))
        if self.is_ending:
            await self._close(report.sent_ms)
        else:
            self._task = new_task(self._run(), self._around.on_broken)

    def abandon(self) -> None:
        """Drop everything. Never waits: it works while cancelled."""
        self._task.cancel()
        self._turn.close()
        self._stop_timers()

    def _pending(self) -> str:
        """Return the text that arrived and was not begun."""
        waiting = [item.clause for item in self._queue if isinstance(item, Queued)]
        if self._current is not None and not self._turn.has_begun(self._current):
            waiting.insert(0, self._current)
        return "".join(clause.text for clause in waiting) + self._detector.held

    def _begin_anew(self) -> None:
        self._stop_timers()
        self._turn.close()
        self._turn = Turn(self.id, self._settings, self._around)
        self._queue.clear()
        self._detector.clear()
        self._current = None

    def _enqueue(self, clause: Clause | None) -> None:
        if clause is not None:
            self._add(Queued(clause, time.monotonic()))

    def _add(self, item: Queued | _Mark) -> None:
        self._queue.append(item)
        self._arrived.set()

    def _set_timers(self) -> None:
        """Speak whole words after a while of nothing, and a word that may go on after a longer one."""
        self._stop_timers()
        if self._detector.held.strip():
            loop = asyncio.get_running_loop()
            flush_s, word_s = self._timeouts_s
            self._timers = [
                loop.call_later(flush_s, lambda: self._enqueue(self._detector.pause())),
                loop.call_later(word_s, lambda: self._enqueue(self._detector.flush())),
            ]

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []

    async def _run(self) -> None:
        while True:
            while not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            item = self._queue.popleft()
            if isinstance(item, Queued):
                await self._speak(item)
            elif item is _Mark.FLUSHED:
                await self._around.emit(Flushed(self.id))
            else:
                await self._turn.finish()
                await self._close(self._turn.sent_ms)
                return

    async def _speak(self, queued: Queued) -> None:
        self._current = queued.clause
        try:
            await self._turn.speak(queued, self._following)
        except EmptyInput:
            await self._around.emit(ClauseSkipped(self.id, queued.clause))
        except PolyvoxError as error:
            await self._fail(error)
        # Not where it was cancelled: then it is part of the report.
        self._current = None

    async def _fail(self, error: PolyvoxError) -> None:
        self._around.service.figures.told(error.code)
        report = self._turn.report(None, self._pending())
        self._begin_anew()
        await self._around.emit(Failed(self.id, error, report))
        if self.is_ending:
            self._add(_Mark.END)

    def _following(self) -> Clause | None:
        item = next((item for item in self._queue if isinstance(item, Queued)), None)
        return item.clause if item is not None else None

    async def _close(self, audio_ms: int) -> None:
        self._stop_timers()
        self._turn.close()
        try:
            await self._around.emit(Done(self.id, audio_ms), self._note_closed)
        finally:
            if self._is_closed:
                self._around.on_done(self.id)

    def _note_closed(self) -> None:
        self._is_closed = True
