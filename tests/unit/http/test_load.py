"""What `/v1/load` tells."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.capacity import Capacity
from deployments.http.service import Service
from deployments.metrics.recent import WINDOW_S, Recent, percentile
from tests.unit.http.fakes import FakeSource
from tests.unit.http.voices.support import connect

SPEAK = {"input": "Hello there.", "voice": "en-us", "response_format": "pcm"}


def client_of(service: Service) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://polyvox")


async def test_an_idle_server_has_no_figures_to_tell() -> None:
    async with client_of(Service(IngressArgs(), FakeSource(), transport_holds_back=True)) as client:
        load = (await client.get("/v1/load")).json()

    assert load["listeners"] == 0
    assert load["lowest_headroom_s"] is None
    assert load["ttfa"] == {"window_s": WINDOW_S, "count": 0, "p50_s": None, "p95_s": None}
    assert load["cloning"] == {"models": [], "uploads": False}


async def test_speech_that_was_heard_counts_and_room_is_told() -> None:
    async def capacity() -> tuple[Capacity, ...]:
        return (Capacity(("formant",), 1, 64, 3), Capacity(("clones",), 0))

    service = Service(IngressArgs(), FakeSource(), transport_holds_back=True, capacity=capacity)
    async with client_of(service) as client:
        await client.post("/v1/audio/speech", json=SPEAK)
        load = (await client.get("/v1/load")).json()

    assert load["ttfa"]["count"] == 1
    assert 0 <= load["ttfa"]["p50_s"] == load["ttfa"]["p95_s"] < 60
    assert load["deployments"] == [
        {"models": ["formant"], "replicas": 1, "slots": 64, "open_streams": 3},
        {"models": ["clones"], "replicas": 0, "slots": None, "open_streams": None},
    ]


@pytest.mark.parametrize("is_open", [True, False])
async def test_it_says_whether_voices_can_be_added(tmp_path: Path, is_open: bool) -> None:
    async with connect(tmp_path, models=("clones",), voices={"uploads": is_open}) as client:
        load = (await client.get("/v1/load")).json()

    assert load["cloning"] == {"models": ["clones"], "uploads": is_open}


def test_old_values_are_forgotten() -> None:
    recent = Recent()
    recent.add(0.0, 9.0)
    recent.add(10.0, 2.0)
    recent.add(11.0, 1.0)

    assert recent.values(12.0) == [1.0, 2.0, 9.0]
    assert recent.values(5.0 + WINDOW_S) == [1.0, 2.0]
    assert recent.values(50.0 + WINDOW_S) == []


@pytest.mark.parametrize(("share", "expected"), [(0.5, 10.0), (0.95, 19.0), (1.0, 20.0), (0.0, 1.0)])
def test_percentiles_are_values_that_were_measured(share: float, expected: float) -> None:
    assert percentile([float(value) for value in range(1, 21)], share) == expected


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 0.5) is None
