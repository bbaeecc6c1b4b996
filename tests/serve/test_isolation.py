"""The isolation proof itself, small: sixty listeners, some of whom leave or ask for the impossible."""

from __future__ import annotations

import asyncio
import json

import pytest

from benchmarks.isolation.document import build_document
from benchmarks.isolation.runner import run_isolation
from benchmarks.isolation.settings import Choice, Crowd, IsolationSettings
from benchmarks.load.settings import Target
from tests.support.listeners import listen
from tests.support.server import RunningServer

VOICES = ("en-us", "fr-fr+f2", "de", "cmn", "ja", "es+m3", "sw", "alloy")


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_hears_their_neighbours(idle_server: RunningServer, seed: int) -> None:
    settings = IsolationSettings(
        Target(idle_server.url),
        Choice(voices=VOICES, max_sentences=3, low_latency_share=0.25),
        Crowd(num_requests=60, concurrency=12, num_distinct=24, cancel_share=0.2, fail_share=0.2),
        seed=seed,
    )
    document = build_document(settings, asyncio.run(run_isolation(settings)))
    summary = document["summary"]
    assert document["outcome"] == "isolated", json.dumps(document["differences"] + document["unanswered"])
    assert summary["num_whole"] + summary["num_left"] == 48
    assert (summary["num_distinct"], summary["num_refused"]) == (24, 12)
    assert summary["num_left"] >= 3
    assert summary["num_voices"] == len(VOICES)
    assert summary["most_at_once"] >= 6
    assert idle_server.wait_until_free(within_s=10).num_open == 0


def test_low_latency_changes_nothing_for_an_engine_without_such_a_mode(server: RunningServer) -> None:
    usual, early = (
        asyncio.run(listen(server.url, "Many voices at once.", low_latency=low)) for low in (False, True)
    )
    assert (usual.status, usual.data) == (early.status, early.data)
    assert len(usual.data) > 10_000
