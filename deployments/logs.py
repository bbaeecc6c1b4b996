"""One log for a replica: Serve's, with the request's name in every line about it.

Serve gives its own logger a file, a format and the name of the request that is being served. What tts_core
and the rest say through loggers of their own comes to the same file here. An engine's threads serve nobody
in particular; they say which stream they mean, and the request's name follows from that.
"""

from __future__ import annotations

import logging

from deployments.http.request_id import request_of

SERVE_LOGGER = "ray.serve"
OURS = ("tts_core", "deployments")


def join_serve_log() -> None:
    """Pass on to Serve's logger what our own loggers say, in this process. Doing it again changes nothing."""
    serve = logging.getLogger(SERVE_LOGGER)
    for name in OURS:
        ours = logging.getLogger(name)
        ours.handlers = [_PassOn(serve)]
        ours.setLevel(serve.level)
        ours.propagate = False
    if not any(isinstance(one, _NameRequest) for one in serve.filters):
        serve.addFilter(_NameRequest())


class _PassOn(logging.Handler):
    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        self._logger.handle(record)


class _NameRequest(logging.Filter):
    """Adds `request_id` to lines that say `stream_id`. Serve's own filter goes after it, and knows better."""

    def filter(self, record: logging.LogRecord) -> bool:
        stream = getattr(record, "stream_id", None)
        if stream is not None:
            record.request_id = request_of(stream)
        return True
