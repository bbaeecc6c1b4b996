from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI

from deployments.config import IngressArgs, LimitArgs, LiveTextArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from deployments.websocket import session
from tests.unit.websocket.fakes import FakeSource


@pytest.fixture(autouse=True)
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let connections be looked after often, so that no test waits for half a second to pass."""
    monkeypatch.setattr(session, "WATCH_S", 0.02)


@pytest.fixture
async def source() -> FakeSource:
    return FakeSource()


def make_service(source: FakeSource, *, keys: Path | None = None, **live_text: float) -> Service:
    """Return a service with small limits, over a fake source."""
    args = IngressArgs(
        limits=LimitArgs(max_input_chars=500, write_timeout_s=0.5),
        live_text=LiveTextArgs.model_validate({"flush_timeout_s": 0.05, "word_timeout_s": 0.2, **live_text}),
        keys=None if keys is None else str(keys),
        cors_origins=("http://chat.example",),
        voice_aliases={"Rachel": "en-us"},
        model_aliases={"eleven_flash_v2_5": "formant"},
    )
    return Service(args, source, transport_holds_back=True)


@pytest.fixture
async def service(source: FakeSource) -> Service:
    # Timeouts that no test meets by chance.
    return make_service(source, max_contexts=3, flush_timeout_s=30.0, word_timeout_s=30.0)


@pytest.fixture
async def app(service: Service) -> FastAPI:
    return create_app(service)
