"""Served under a prefix, each route answers as it does without."""

from __future__ import annotations

import httpx
import pytest

from deployments.config import IngressArgs, LimitArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from tests.unit.http.fakes import FakeSource
from tts_core.errors import Overloaded

GOOD = {"text": "Hello.", "text_lang": "en", "ref_audio_path": "en-us"}


@pytest.fixture
def client() -> httpx.AsyncClient:
    source = FakeSource()
    source.refuses_with = Overloaded("full")
    args = IngressArgs(limits=LimitArgs(max_body_bytes=2000))
    app = create_app(Service(args, source, transport_holds_back=True))
    transport = httpx.ASGITransport(app, root_path="/x", raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://polyvox")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (GOOD, 429, "overloaded"),
        ({**GOOD, "text": 5}, 400, "invalid_parameter"),
        ({**GOOD, "text": "a" * 3000}, 413, "body_too_large"),
    ],
)
async def test_errors_of_tts_have_its_own_shape(
    client: httpx.AsyncClient, body: dict[str, object], status: int, code: str
) -> None:
    answer = await client.post("/x/tts", json=body)
    assert (answer.status_code, answer.json()["Exception"]) == (status, code)


async def test_a_method_that_tts_lacks_is_told_in_its_shape(client: httpx.AsyncClient) -> None:
    assert (await client.put("/x/tts")).json()["Exception"] == "method_not_allowed"


async def test_other_routes_keep_theirs(client: httpx.AsyncClient) -> None:
    answer = await client.post("/x/v1/audio/speech", json={"input": "Hello.", "voice": "en-us"})
    assert answer.json()["error"]["code"] == "overloaded"
