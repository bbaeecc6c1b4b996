"""Listeners of every temper: patient, stalling, hanging up."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

SPEAK = "/v1/audio/speech"
LONG_TEXT = " ".join(
    f"Number {number} of the sentences in this long story tells of a ship that sails on and on."
    for number in range(1, 81)
)

LITTLE_ROOM = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536), (socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1460)]
"""Between listener and server, where loopback has a minute of audio. With less, kernels drop packets."""


def body(text: str, **changes: Any) -> dict[str, Any]:
    return {"model": "formant", "input": text, "voice": "en-us", "response_format": "pcm", **changes}


@dataclass
class Heard:
    """What one listener received.

    Attributes:
        data: all bytes, joined.
        arrivals: seconds after the request's start, and bytes so far, chunk by chunk.
    """

    status: int = 0
    data: bytes = b""
    arrivals: list[tuple[float, int]] = field(default_factory=list)


async def listen(url: str, text: str, client: httpx.AsyncClient | None = None, **changes: Any) -> Heard:
    """Speak and read to the end."""
    heard = Heard()
    started = time.perf_counter()
    own = client or httpx.AsyncClient(timeout=60)
    try:
        async with own.stream("POST", url + SPEAK, json=body(text, **changes)) as answer:
            heard.status = answer.status_code
            async for chunk in answer.aiter_raw():
                heard.data += chunk
                heard.arrivals.append((time.perf_counter() - started, len(heard.data)))
    finally:
        if client is None:
            await own.aclose()
    return heard


async def listen_together(url: str, requests: list[dict[str, Any]]) -> list[Heard]:
    """Start all at once."""
    limits = httpx.Limits(max_connections=len(requests))
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        return await asyncio.gather(*(listen(url, client=client, **request) for request in requests))


class RawListener:
    """A socket of its own, with a small buffer, so that what it doesn't read is held by the server."""

    def __init__(self, url: str, text: str, headers: Mapping[str, str] | None = None, **changes: Any) -> None:
        address = urlsplit(url)
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self._socket.settimeout(20)
        self._socket.connect((address.hostname, address.port))
        content = json.dumps(body(text, **changes)).encode()
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = (
            f"POST {address.path}{SPEAK} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Content-Type: application/json\r\n{more}Content-Length: {len(content)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + content)

    def read(self, num_bytes: int) -> bytes:
        """Read this much of the raw answer, headers and chunk marks included."""
        data = b""
        while len(data) < num_bytes:
            part = self._socket.recv(min(65_536, num_bytes - len(data)))
            assert part, "the server closed the connection"
            data += part
        return data

    def hang_up(self) -> None:
        self._socket.close()
