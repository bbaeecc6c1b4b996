"""Work for an answer that is sent only once it is whole, and for nobody where the client has hung up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from deployments.http.speech_response import disconnected

CLIENT_GONE = 499
"""Not sent to anybody: what proxies write into their logs for it."""


async def while_waited_for(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """Return the answer that `work` makes. Once the client has hung up, the work is cancelled.

    The framework tells nobody that a client has gone. `work` has to open what it closes: cancelled before its
    beginning, it does neither.

    Raises:
        PolyvoxError: as the work.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(disconnected(request.receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        watching.result()
        return Response(status_code=CLIENT_GONE)
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)
