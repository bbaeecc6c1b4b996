from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from deployments.config import IngressArgs, LimitArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from tests.unit.http.fakes import FakeSource


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture
async def client(source: FakeSource) -> AsyncIterator[httpx.AsyncClient]:
    args = IngressArgs(
        limits=LimitArgs(max_body_bytes=2000, max_input_chars=500, max_whole_s=3.0, max_lexicon_words=20),
        voice_aliases={"alloy": "en-us+f3"},
        model_aliases={"tts-1": "formant"},
        cors_origins=("http://chat.example",),
    )
    app = create_app(Service(args, source, transport_holds_back=True))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://polyvox") as client:
        yield client
