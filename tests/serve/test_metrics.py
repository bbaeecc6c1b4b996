"""What a loaded server's metrics say, asked as dashboard and alerts ask: through a real Prometheus."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import ray

from tests.serve.neural import neural
from tests.serve.test_many_models import many
from tests.support.listeners import LONG_TEXT, SPEAK, RawListener, body
from tests.support.prometheus import BINARY, Prometheus, run_prometheus
from tests.support.server import RunningServer, run_app, twin_args
from tests.unit.metrics.monitoring import ALERTS, dashboard_queries, plain

pytestmark = pytest.mark.skipif(
    BINARY is None, reason="prometheus isn't installed (Debian has it in the package prometheus)"
)

WINDOW = "30s"
# What a good minute has nothing of, so that its panels show 0 or nothing.
RARE = {"Flawed takes", "Underruns"}


@pytest.fixture(scope="module")
def url(server: RunningServer, neural_folder: Path) -> Iterator[str]:
    """Both engines, the formant engine twice."""
    args = twin_args()
    args["engines"].append(neural(neural_folder))
    with run_app(server, "measured", args) as url:
        yield url


@contextmanager
def load(url: str) -> Iterator[None]:
    """Have both models spoken with, and refused, again and again."""
    stop = threading.Event()
    requests = [
        body("Hello there, this is a sentence.", response_format="mp3"),
        body("Hello there.", model="mine", voice="ann"),
        body("Hello there.", voice="nobody"),
    ]

    def repeat(request: dict[str, Any]) -> None:
        while not stop.is_set():
            httpx.post(url + SPEAK, json=request, timeout=60)
            stop.wait(0.3)

    with ThreadPoolExecutor() as pool:
        for request in requests:
            pool.submit(repeat, request)
        try:
            yield
        finally:
            stop.set()


@pytest.fixture(scope="module")
def prometheus(
    server: RunningServer, url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus that has watched a server under load for a while, and a replica of it die."""
    node = cast(Any, ray).nodes()[0]
    target = f"127.0.0.1:{node['MetricsExportPort']}"
    with ExitStack() as stack:
        prometheus = stack.enter_context(
            run_prometheus(tmp_path_factory.mktemp("prometheus"), target, ALERTS)
        )
        stack.enter_context(load(url))
        idle = [RawListener(url, LONG_TEXT, seed=number) for number in range(4)]
        for listener in idle:
            stack.callback(listener.hang_up)
            listener.read(10_000)
        time.sleep(6)
        server.processes("ServeReplica:measured:TTSServer-formant")[0].kill()
        for listener in idle:
            listener.read(3_000_000)
        prometheus.wait_for("ray_polyvox_failovers_total")
        prometheus.wait_for("ray_polyvox_headroom_seconds")
        prometheus.wait_for(f'rate(ray_polyvox_step_seconds_count{{stage="vocode"}}[{WINDOW}]) > 0')
        time.sleep(12)  # two exports of Ray's and two scrapes, so that everything has a rate
        yield prometheus


@pytest.mark.parametrize(("title", "query"), [*dashboard_queries()])
def test_every_panel_shows_something(prometheus: Prometheus, title: str, query: str) -> None:
    found = prometheus.recently(plain(query, WINDOW))
    assert found or title in RARE
    values = [float(series["value"][1]) for series in found]
    assert title in RARE or any(value == value for value in values), "nothing but NaN"


def test_figures_are_those_of_the_server(prometheus: Prometheus) -> None:
    app = 'application="measured"'
    formant = f'{app},model="formant"'
    decode = f'{app},stage="decode"'
    # Each of the tiny model's steps has between one row and as many as there are slots.
    batch = f"sum(ray_polyvox_step_rows_total{{{decode}}}) / sum(ray_polyvox_step_seconds_count{{{decode}}})"
    for so in (
        f"sum(ray_polyvox_slots{{{formant}}}) >= 64",
        f"sum(ray_polyvox_listeners{{{formant}}}) >= 4",
        # They stopped reading with audio in hand, and nobody ran dry by that.
        f"min(ray_polyvox_headroom_seconds{{{formant}}}) > 0",
        f'sum(ray_polyvox_errors_total{{{app},code="unknown_voice"}}) > 0',
        f'sum(ray_polyvox_streams_total{{{app},outcome="completed"}}) > 0',
        f"{batch} >= 1 and {batch} <= 4",
    ):
        prometheus.wait_for(so, within_s=20.0)  # a late export leaves a gap


def test_labels_are_bounded(prometheus: Prometheus) -> None:
    """No request, voice or text becomes a label."""
    known = {"application", "deployment", "replica", "instance", "job", "__name__", "le"}
    known |= {"Component", "NodeAddress", "SessionName", "Version", "WorkerId"}
    known |= {"otel_scope_name", "otel_scope_schema_url", "otel_scope_version"}
    known |= {"model", "code", "stage", "outcome", "result", "kind", "flaw"}
    for series in prometheus.query('{__name__=~"ray_polyvox_.*"}'):
        assert set(series["metric"]) <= known
        assert series["metric"].get("model", "formant") in {
            "formant",
            "mine",
            "tuned",
            *many(Path())["models"],
        }


def test_rules_are_evaluated_and_a_death_is_noticed(prometheus: Prometheus) -> None:
    rules = {rule["name"]: rule for rule in prometheus.rules()}
    assert {rule["health"] for rule in rules.values()} == {"ok"}
    assert rules["PolyvoxFailovers"]["state"] == "firing"
    assert rules["PolyvoxNoReplicaReady"]["state"] == "inactive"
    moved = prometheus.recently('ray_polyvox_failovers_total{application="measured"}')
    assert {series["metric"]["result"] for series in moved} == {"resumed"}
