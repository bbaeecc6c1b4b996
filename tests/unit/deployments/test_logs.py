"""One log: what our own loggers say reaches Serve's, with the request's name."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from deployments.logs import OURS, SERVE_LOGGER, join_serve_log


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def kept() -> Iterator[list[logging.LogRecord]]:
    """What reaches Serve's logger, which is set up here as in a replica; all is put back."""
    serve = logging.getLogger(SERVE_LOGGER)
    loggers = [serve, *map(logging.getLogger, OURS)]
    before = [(one.level, one.propagate, one.handlers[:], one.filters[:]) for one in loggers]
    handler = Kept()
    serve.handlers, serve.propagate = [handler], False
    serve.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)  # what goes up to the root is printed, and comes back to the log
    join_serve_log()
    join_serve_log()  # a replica may be made twice in a process
    yield handler.records
    logging.getLogger().removeHandler(handler)
    for one, (level, propagate, handlers, filters) in zip(loggers, before, strict=True):
        one.setLevel(level)
        one.propagate, one.handlers, one.filters = propagate, handlers, filters


@pytest.mark.parametrize("name", ["tts_core.engine", "deployments.http.app", SERVE_LOGGER])
def test_every_line_is_written_once(kept: list[logging.LogRecord], name: str) -> None:
    logging.getLogger(name).info("hello")
    logging.getLogger(name).debug("too quiet")
    assert [record.getMessage() for record in kept] == ["hello"]


def test_a_line_about_a_stream_names_its_request(kept: list[logging.LogRecord]) -> None:
    logging.getLogger("tts_core.x").warning("lost", extra={"stream_id": "mine/0a1b2c3d.1"})
    assert [vars(record)["request_id"] for record in kept] == ["mine"]
