"""Whatever is sent: no exception, no hang, and nothing left behind."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.http.app import create_app
from tests.support.waiting import until
from tests.unit.websocket.conftest import make_service
from tests.unit.websocket.fakes import Client, FakeSource

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TYPES = ["start", "text", "flush", "interrupt", "end", "close", "ping", "authenticate"]
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "context_id": st.sampled_from(["default", "a", "b"]),
    "voice": st.sampled_from(["en-us", "nobody"]),
    "text": st.sampled_from(["Hello. ", "silence. ", "wor", "。", "\ud800", "", "x " * 240])
    | st.text(max_size=40),
    "flush": st.booleans(),
    "close_context": st.booleans(),
    "immediate": st.booleans(),
    "played_ms": st.floats(),
    "seed": st.integers(),
    "response_format": st.sampled_from(["pcm", "wav", "mp3"]),
}
LIKELY = st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional={**FIELDS, "surplus": ANYTHING})
# Kept to what opens contexts and fills them, so that runs go deep, too.
ABLE = st.sampled_from(
    [
        {"type": "start", "voice": "en-us"},
        {"type": "start", "voice": "en-us", "context_id": "a", "response_format": "mp3"},
        {"type": "text", "text": "Hello there. And"},
        {"type": "text", "text": "Hello there. And", "context_id": "a", "flush": True},
        {"type": "interrupt"},
        {"type": "end"},
        {"text": "Hello. ", "context_id": "b"},
        {"context_id": "b", "close_context": True},
    ]
)
MESSAGES = st.lists(
    (LIKELY | ABLE | ANYTHING).map(json.dumps) | st.text(max_size=20) | st.binary(max_size=3), max_size=12
)
PATHS = [
    "/v1/audio/speech/ws",
    "/v1/text-to-speech/en-us/stream-input",
    "/v1/text-to-speech/en-us/multi-stream-input",
]


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MESSAGES, st.booleans())
def test_nonsense_ends_well(path: str, messages: list[str | bytes], leaves: bool) -> None:
    try:
        asyncio.run(_pester(path, messages, leaves=leaves))
    except BaseException:
        _served.cache_clear()  # a smaller example must not fail for what this one left
        raise


@functools.cache
def _served() -> tuple[FastAPI, FakeSource]:
    """Return one application for many connections: what one leaves behind, the next one meets."""
    source = FakeSource()
    return create_app(make_service(source, max_contexts=3)), source


async def _pester(path: str, messages: list[str | bytes], *, leaves: bool) -> None:
    app, source = _served()
    async with Client(app, path) as client:
        for message in messages:
            send: Any = client.send_bytes if isinstance(message, bytes) else client.send_raw
            send(message)
            await asyncio.sleep(0)
        if not leaves:
            client.send({"type": "close"})
            client.send({"close_socket": True})
            await until(lambda: client.close_code is not None)
            assert client.close_code in (1000, 1003, 1008)
    assert client.task.exception() is None
    await until(lambda: source.num_open == 0)
    mine = asyncio.current_task()
    await until(lambda: asyncio.all_tasks() == {mine})
