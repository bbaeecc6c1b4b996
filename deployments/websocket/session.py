"""One connection: its contexts, who may use it, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket

from deployments.http.service import Service
from deployments.keys.errors import KeyMissing
from deployments.websocket.context import Context
from deployments.websocket.dialect import Caller, Dialect, Ending
from deployments.websocket.entrance import Entrance, Strangers
from deployments.websocket.errors import (
    ContextInUse,
    Gone,
    IdleTimeout,
    MalformedMessage,
    SessionEnds,
    Stalled,
    TooManyContexts,
    UnknownContext,
)
from deployments.websocket.events import Done, Event, Failed
from deployments.websocket.outbox import Message, Outbox
from deployments.websocket.turn import ContextSettings, Surroundings, new_task
from tts_core.errors import PolyvoxError

WATCH_S = 0.5
_MAX_REASON_BYTES = 123

logger = logging.getLogger(__name__)


class Session:
    """Serves one connection until it ends. Belongs to the event loop.

    Args:
        service: opens speech, and says how much is too much.
        socket: not accepted yet.
        dialect: the protocol.
        caller: who is there.
        strangers: who else is there and has no key yet.
    """

    def __init__(
        self, service: Service, socket: WebSocket, dialect: Dialect, caller: Caller, strangers: Strangers
    ) -> None:
        self._service, self._socket, self._dialect, self._caller = service, socket, dialect, caller
        self._args = service.args.live_text
        self._entrance = Entrance(caller, service.limiter, strangers)
        self._outbox = Outbox(socket, service.args.limits.write_timeout_s)
        self._contexts: dict[str, Context] = {}
        self._began_s = self._heard_s = time.monotonic()
        self._over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._closing: Ending | None = None

    # What messages ask for

    async def open(self, context_id: str, settings: ContextSettings, *, evicts_idle: bool = False) -> Context:
        """Open a context; where there are as many as may be, in place of an idle one, if that is allowed.

        Raises:
            ContextInUse, TooManyContexts, SessionEnds: as they say.
        """
        if self._closing is not None:
            raise SessionEnds("the connection is being closed: open another one for more text")
        if context_id in self._contexts:
            raise ContextInUse(f"context {context_id!r} is open already", param="context_id")
        if len(self._contexts) >= self._args.max_contexts and not (evicts_idle and await self._evict()):
            raise TooManyContexts(f"a connection may have {self._args.max_contexts} contexts at once")
        limits = self._service.args.limits
        context = Context(context_id, settings, self._around(), self._args, limits.max_input_chars)
        self._contexts[context_id] = context
        return context

    def find(self, context_id: str) -> Context | None:
        """Return the context of that name, if there is one."""
        return self._contexts.get(context_id)

    def writable(self, context_id: str) -> Context:
        """Return a context that takes text. Raises UnknownContext."""
        context = self._contexts.get(context_id)
        if context is None or context.is_ending:
            raise UnknownContext(f"there is no context {context_id!r} that takes text", param="context_id")
        return context

    @property
    def contexts(self) -> list[Context]:
        return list(self._contexts.values())

    def close(self, ending: Ending) -> None:
        """End the connection once all that has arrived was spoken."""
        self._closing = self._closing or ending
        for context in self._contexts.values():
            context.end()
        self._end_if_done()

    async def send(self, message: Message) -> None:
        """Tell the client. Raises Stalled or Gone."""
        await self._outbox.send(message)

    async def tell(self, error: PolyvoxError, context_id: str | None = None) -> None:
        """Tell the client of an error, and end the connection where the protocol has it so."""
        self._service.figures.told(error.code)
        await self.send(self._dialect.error(error, context_id))
        if self._dialect.is_fatal(error):
            self._end(Ending(1008, error.code))

    # Its life

    async def run(self) -> None:
        """Serve until it ends. Cancelled, it leaves nothing behind either."""
        await self._socket.accept()
        tasks = [new_task(work, self._broken) for work in (self._read(), self._watch())]
        try:
            ending = await self._over
        finally:
            for task in tasks:
                task.cancel()
            for context in self.contexts:
                context.abandon()
            self._contexts.clear()
            self._entrance.leave()
        await asyncio.wait(tasks)
        await self._hang_up(ending)
        logger.info("live text ended: %s %s", ending.code, ending.reason)

    async def _read(self) -> None:
        await self._greet()
        while not self._over.done():
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise Gone("closed by the client")
            self._heard_s = time.monotonic()
            text = message.get("text")
            if text is None:
                self._end(Ending(1003, "messages are JSON, in text frames"))
            elif len(text) > self._args.max_message_chars:
                self._end(Ending(1009, f"a message may have {self._args.max_message_chars} characters"))
            else:
                await self._take(text)

    async def _greet(self) -> None:
        try:
            greeting = self._dialect.greeting(self._caller)
            self._entrance.come(self._send_away)
        except PolyvoxError as error:
            await self._turn_away(error)
            return
        if greeting is not None:
            await self.send(greeting)

    async def _take(self, text: str) -> None:
        context_id: str | None = None
        try:
            body = _parsed(text)
            if not self._entrance.is_open:
                self._entrance.admit(self._dialect.token(body))
            given = body.get("context_id")
            context_id = given if isinstance(given, str) else None
            await self._dialect.take(body, self)
        except PolyvoxError as error:
            await self.tell(error, context_id)
            if not self._entrance.is_open:
                self._end(Ending(1008, error.code))

    async def _turn_away(self, error: PolyvoxError) -> None:
        await self.tell(error)
        self._end(Ending(1008, error.code))

    def _send_away(self) -> None:
        """End the connection of a client that has no key yet, for others'."""
        self._service.figures.told(KeyMissing.code)
        self._end(Ending(1008, KeyMissing.code))

    async def _watch(self) -> None:
        while not self._over.done():
            await asyncio.sleep(WATCH_S)
            now_s = time.monotonic()
            if self._entrance.is_overdue(now_s):
                await self._turn_away(KeyMissing("no API key came"))
            elif self._closing is None and self._is_idle(now_s):
                await self._turn_away(IdleTimeout(f"nothing came for {self._idle_timeout_s:g} s"))
            elif self._closing is None and self._must_end(now_s):
                await self.tell(SessionEnds("the connection ends when all has been spoken; open another one"))
                self.close(Ending(1001, SessionEnds.code))

    @property
    def _idle_timeout_s(self) -> float:
        wanted_s = self._dialect.idle_timeout_s
        return self._args.idle_timeout_s if wanted_s is None else wanted_s

    def _is_idle(self, now_s: float) -> bool:
        is_quiet = now_s - self._heard_s > self._idle_timeout_s
        return is_quiet and all(context.is_idle for context in self._contexts.values())

    def _must_end(self, now_s: float) -> bool:
        return now_s - self._began_s > self._args.max_session_s or self._service.is_leaving()

    # Inside

    def _around(self) -> Surroundings:
        caller = self._caller
        return Surroundings(
            self._service,
            self._entrance.key_now,
            caller.request_id,
            caller.traceparent,
            self._emit,
            self._done,
            self._broken,
        )

    async def _emit(self, event: Event, before: Callable[[], None] | None = None) -> None:
        message = self._dialect.event(event)
        if message is not None:
            await self._outbox.send(message, before)
        elif before is not None:
            before()
        if isinstance(event, Failed) and self._dialect.is_fatal(event.error):
            self._end(Ending(1008, event.error.code))

    async def _evict(self) -> bool:
        idle = next((context for context in self.contexts if context.is_idle), None)
        if idle is None:
            return False
        idle.abandon()
        del self._contexts[idle.id]
        await self._emit(Done(idle.id, 0))
        return True

    def _done(self, context_id: str) -> None:
        self._contexts.pop(context_id, None)
        self._end_if_done()

    def _end_if_done(self) -> None:
        if self._closing is not None and not self._contexts:
            self._end(self._closing)

    def _end(self, ending: Ending) -> None:
        if not self._over.done():
            self._over.set_result(ending)

    def _broken(self, error: BaseException) -> None:
        if isinstance(error, Gone):
            self._end(Ending(None, str(error)))
        elif isinstance(error, Stalled):
            self._end(Ending(1008, str(error)))
        else:
            logger.error("live text failed", exc_info=error)
            self._service.figures.told(PolyvoxError.code)
            self._end(Ending(1011, PolyvoxError.code))

    async def _hang_up(self, ending: Ending) -> None:
        if ending.code is None:
            return
        reason = ending.reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
        try:
            await asyncio.wait_for(self._socket.close(ending.code, reason), WATCH_S)
        except (TimeoutError, asyncio.TimeoutError, RuntimeError, OSError):
            logger.info("nobody was there to hear the end")


def _parsed(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedMessage(f"a message must be JSON: {error}") from None
    if not isinstance(body, dict):
        raise MalformedMessage("a message must be a JSON object")
    return body
