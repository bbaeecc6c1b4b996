"""The HTTP client of all listeners of a run."""

from __future__ import annotations

import aiohttp

from benchmarks.load.dialects import request_headers
from benchmarks.load.settings import Listening, Target

_CONNECT_TIMEOUT_S = 10.0


def open_session(target: Target, listening: Listening) -> aiohttp.ClientSession:
    """Return a client without a limit of its own on connections. Needs a running loop."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=not listening.keep_alive),
        headers=request_headers(target),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=_CONNECT_TIMEOUT_S, sock_read=listening.timeout_s
        ),
        auto_decompress=False,
    )
