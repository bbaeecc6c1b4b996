"""A listener who plays what arrives: keeps so much audio in hand, and writes down when it came."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

EDGE_S, AHEAD_S = 0.3, 5.0
"""What listeners keep in hand: some live from hand to mouth, others are as far ahead as players are."""
_BYTES_PER_S = 48_000
_SMALL_BUFFER, _LARGE_BUFFER = 8192, 65_536
_MSS = 1460
"""As on a network. Loopback's own, 64 KiB, makes kernels hold a minute of audio on the sender's side."""
_STEP = 4096


@dataclass(frozen=True)
class Ask:
    """A request, and what tells it from others."""

    key: int
    body: Mapping[str, Any]


@dataclass
class Heard:
    """What one request came to. Times are of the monotonic clock.

    Attributes:
        timeline: when data came, and the seconds of audio there were by then.
        error: why it isn't whole: a code of the server's, or what happened to the connection; "" if it is.
    """

    ask: Ask
    asked_s: float
    data: bytes = b""
    timeline: list[tuple[float, float]] = field(default_factory=list)
    error: str = ""
    ended_s: float = 0.0

    @property
    def first_audio_s(self) -> float | None:
        return self.timeline[0][0] - self.asked_s if self.timeline else None


def open_session(keep_s: float) -> aiohttp.ClientSession:
    """Return a client whose sockets hold little; next to nothing for who lives from hand to mouth."""

    def make_socket(address: Any) -> socket.socket:
        family, kind, protocol, _, _ = address
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _MSS)
        buffer = _SMALL_BUFFER if keep_s < 1.0 else _LARGE_BUFFER
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        return made

    connector = aiohttp.TCPConnector(limit=0, force_close=True, socket_factory=make_socket)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=90)
    return aiohttp.ClientSession(connector=connector, timeout=timeout, read_bufsize=_STEP)


async def listen(
    session: aiohttp.ClientSession,
    url: str,
    ask: Ask,
    keep_s: float | None,
    in_a_hurry: asyncio.Event | None = None,
) -> Heard:
    """Make a request and play it, `keep_s` ahead. Never raises.

    Args:
        keep_s: seconds of audio to have in hand; None takes all there is.
        in_a_hurry: once set, all there is is taken.
    """
    heard = Heard(ask, time.monotonic())
    try:
        async with session.post(f"{url}/v1/audio/speech", json=dict(ask.body)) as answer:
            if answer.status != 200:
                heard.error = _code(answer.status, await answer.read())
            else:
                await _play(answer, heard, keep_s, in_a_hurry or asyncio.Event())
    except asyncio.TimeoutError:
        heard.error = "client gave up waiting"
    except (aiohttp.ClientError, OSError) as error:
        heard.error = _connection_error(error, is_begun=bool(heard.timeline))
    heard.ended_s = time.monotonic()
    return heard


async def _play(
    answer: aiohttp.ClientResponse, heard: Heard, keep_s: float | None, in_a_hurry: asyncio.Event
) -> None:
    data = bytearray()
    began_s: float | None = None
    try:
        async for part in answer.content.iter_any():
            data += part
            now_s = time.monotonic()
            began_s = now_s if began_s is None else began_s
            audio_s = len(data) / _BYTES_PER_S
            heard.timeline.append((now_s, audio_s))
            if keep_s is not None and (ahead_s := audio_s - (now_s - began_s)) > keep_s:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(in_a_hurry.wait(), ahead_s - keep_s)
    finally:
        heard.data = bytes(data)


def _code(status: int, body: bytes) -> str:
    try:
        return f"{status} {json.loads(body)['error']['code']}"
    except (ValueError, KeyError, TypeError):
        return f"{status}"


def _connection_error(error: Exception, *, is_begun: bool) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return "connection refused"
    return "connection broken off" if is_begun else "connection closed before an answer"
