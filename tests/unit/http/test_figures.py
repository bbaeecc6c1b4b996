"""What requests leave behind in the figures."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from deployments.metrics import catalogue
from deployments.metrics.listening import IngressFigures
from deployments.metrics.recorder import Ledger
from tests.unit.http.fakes import FakeSource
from tts_core.errors import Overloaded, PolyvoxError, SegmentFailed

SPEAK = "/v1/audio/speech"
HELLO = {"input": "Hello there.", "voice": "en-us", "response_format": "pcm"}
AUDIO_S = 1.6  # what the fake source says


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def client(source: FakeSource, ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    service = Service(IngressArgs(), source, transport_holds_back=True, figures=IngressFigures(ledger))
    transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://polyvox") as client:
        yield client


def streams(ledger: Ledger, outcome: str) -> float:
    return ledger.value(catalogue.STREAMS, model="formant", outcome=outcome)


@pytest.mark.parametrize("audio_format", ["pcm", "mp3"])
async def test_a_stream_that_is_heard_to_its_end(
    client: httpx.AsyncClient, ledger: Ledger, audio_format: str
) -> None:
    await client.post(SPEAK, json={**HELLO, "response_format": audio_format})
    assert streams(ledger, "completed") == 1
    assert ledger.value(catalogue.TTFA, model="formant") == 1
    assert ledger.value(catalogue.DELIVERED_S, model="formant") == pytest.approx(AUDIO_S, abs=0.01)


async def test_an_answer_that_is_given_whole(client: httpx.AsyncClient, ledger: Ledger) -> None:
    await client.get("/tts", params={"text": "Hello.", "text_lang": "en", "ref_audio_path": "en-us"})
    assert streams(ledger, "completed") == 1
    assert ledger.value(catalogue.TTFA, model="formant") == 0
    assert ledger.value(catalogue.DELIVERED_S, model="formant") == pytest.approx(AUDIO_S, abs=0.01)


@pytest.mark.parametrize("framing", ["audio", "sse"])
async def test_a_stream_that_breaks_off(
    client: httpx.AsyncClient, source: FakeSource, ledger: Ledger, framing: str
) -> None:
    source.breaks_with = SegmentFailed("broke")
    await client.post(SPEAK, json={**HELLO, "stream_format": framing})
    assert streams(ledger, "failed") == 1
    assert ledger.value(catalogue.ERRORS, code="segment_failed") == 1
    assert ledger.value(catalogue.ERRORS, code="internal_error") == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [(Overloaded("full"), "overloaded"), (PolyvoxError("no"), "internal_error")],
)
async def test_refusals_are_counted_by_code(
    client: httpx.AsyncClient, source: FakeSource, ledger: Ledger, error: PolyvoxError, code: str
) -> None:
    source.refuses_with = error
    answer = await client.post(SPEAK, json=HELLO)
    assert answer.headers["x-error-code"] == code
    assert ledger.value(catalogue.ERRORS, code=code) == 1


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (SPEAK, b"{", "malformed_body"),
        (SPEAK, b" " * 5_000_000, "body_too_large"),
        ("/nothing", b"", "not_found"),
        ("/v1/models", b"", "method_not_allowed"),
    ],
)
async def test_errors_of_every_layer_are_counted_once(
    client: httpx.AsyncClient, ledger: Ledger, path: str, body: bytes, code: str
) -> None:
    answer = await client.post(path, content=body)
    assert answer.headers["x-error-code"] == code
    assert ledger.value(catalogue.ERRORS, code=code) == 1


async def test_a_bug_is_an_error_too(
    client: httpx.AsyncClient, source: FakeSource, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "open", None)
    answer = await client.post(SPEAK, json=HELLO)
    assert (answer.status_code, answer.headers["x-error-code"]) == (500, "internal_error")
    assert ledger.value(catalogue.ERRORS, code="internal_error") == 1
