"""One listener of the crowd: asks, is put off and asks again, hears the whole or leaves early."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import aiohttp

from benchmarks.isolation.plan import Ask, Leave
from benchmarks.load import failures
from benchmarks.load.failures import Failure
from benchmarks.load.lag import RunClock

_PUT_OFF = (429, 503)
_DEFAULT_WAIT_S = 1.0
_LONGEST_ERROR_BODY = 1 << 16


@dataclass
class Answer:
    """What became of one request. Times are seconds since the run began.

    Attributes:
        data: the PCM that was heard.
        status: of the last attempt; None if none was answered.
        failure: a refusal, or why the exchange broke off.
        left: the listener hung up before the end.
        put_off: the statuses of the attempts before the last.
        waited_s: spent waiting as Retry-After said.
    """

    began_s: float
    ended_s: float = 0.0
    data: bytes = b""
    status: int | None = None
    failure: Failure | None = None
    left: bool = False
    put_off: list[int] = field(default_factory=list)
    waited_s: float = 0.0


class Listener:
    """Makes requests one after the other; any number of them may share a session.

    Args:
        url: of the route that speaks.
        patience_s: the longest time that a request may be put off in all.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, clock: RunClock, patience_s: float) -> None:
        self._session = session
        self._url = url
        self._clock = clock
        self._patience_s = patience_s

    async def hear(self, ask: Ask, leave: Leave | None = None) -> Answer:
        """Make a request, again for as long as the server says to come back. Failures are answers."""
        answer = Answer(self._clock.now())
        while (wait_s := await self._attempt(ask, leave, answer)) is not None:
            if answer.waited_s + wait_s > self._patience_s:
                break
            answer.put_off.append(answer.status or 0)
            answer.waited_s += wait_s
            await asyncio.sleep(wait_s)
        answer.ended_s = self._clock.now()
        return answer

    async def _attempt(self, ask: Ask, leave: Leave | None, answer: Answer) -> float | None:
        """Try once; return the seconds after which to try again, None if there is an answer."""
        answer.status, answer.failure = None, None
        after_s = leave.after_s if leave is not None else None
        after_bytes = leave.after_bytes if leave is not None else None
        exchange = asyncio.create_task(self._exchange(ask, answer, after_bytes))
        try:
            await asyncio.wait({exchange}, timeout=after_s)
            if exchange.done():
                return exchange.result()
            answer.left = True
            return None
        finally:
            exchange.cancel()
            await asyncio.gather(exchange, return_exceptions=True)

    async def _exchange(self, ask: Ask, answer: Answer, after_bytes: int | None) -> float | None:
        heard = bytearray()
        try:
            async with self._session.post(self._url, json=ask.body, allow_redirects=False) as response:
                answer.status = response.status
                if response.status != 200:
                    return await _refused(response, answer)
                answer.left = await _read(response, heard, after_bytes)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            answer.failure = failures.from_exception(error, has_bytes=bool(heard))
        finally:
            answer.data = bytes(heard)
        return None


async def _read(response: aiohttp.ClientResponse, heard: bytearray, after_bytes: int | None) -> bool:
    """Read to the end, or hang up once there are `after_bytes`; return whether it was left."""
    async for data in response.content.iter_any():
        heard += data
        if after_bytes is not None and len(heard) >= after_bytes:
            response.close()
            return True
    return False


async def _refused(response: aiohttp.ClientResponse, answer: Answer) -> float | None:
    body = await response.content.read(_LONGEST_ERROR_BODY)
    answer.failure = failures.from_body(response.status, body)
    return retry_after_s(response.headers.get("Retry-After")) if response.status in _PUT_OFF else None


def retry_after_s(header: str | None) -> float:
    """Return the seconds that a Retry-After header asks for, one where it says none."""
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return _DEFAULT_WAIT_S
