"""Every query, asked of a real Prometheus that scrapes a stand-in with all series of the catalogue."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deployments.metrics.catalogue import METRICS, Kind, Metric
from tests.support.prometheus import BINARY, Prometheus, run_prometheus
from tests.unit.metrics.monitoring import ALERTS, alert_rules, dashboard_queries, plain

pytestmark = pytest.mark.skipif(
    BINARY is None, reason="prometheus isn't installed (Debian has it in the package prometheus)"
)

LABELS = {
    "model": ("formant", "mine"),
    "stage": ("prefill", "decode"),
    "code": ("overloaded", "engine_poisoned"),
    "outcome": ("completed", "cancelled"),
    "result": ("resumed", "lost"),
    "kind": ("resident",),
    "flaw": ("lost",),
}
HEALTH = 'ray_serve_deployment_replica_healthy{application="a",deployment="d",replica="r"} 1'
FAILURES = 'ray_serve_health_check_failures_total{application="a",deployment="d"}'


def exposition(age: float) -> str:
    """Return all metrics, with counters that grow by the second."""
    lines = [HEALTH, f"{FAILURES} {age}"]
    for metric in METRICS:
        for values in itertools.product(*(LABELS[label] for label in metric.labels)):
            names = [f'{label}="{value}"' for label, value in zip(metric.labels, values, strict=True)]
            lines += series(metric, ",".join([*names, 'deployment="d"', 'replica="r"']), age)
    return "\n".join(lines) + "\n"


def series(metric: Metric, names: str, age: float) -> list[str]:
    if metric.kind is not Kind.HISTOGRAM:
        return [f"{metric.series[0]}{{{names}}} {age if metric.kind is Kind.COUNTER else 1}"]
    buckets = [
        f'ray_{metric.name}_bucket{{{names},le="{bound}"}} {age * (number + 1)}'
        for number, bound in enumerate((*metric.bounds, "+Inf"))
    ]
    return [*buckets, f"ray_{metric.name}_count{{{names}}} {age * len(buckets)}"]


class StandIn(BaseHTTPRequestHandler):
    began_s = time.monotonic()

    def do_GET(self) -> None:
        body = exposition(time.monotonic() - self.began_s).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    target = f"127.0.0.1:{server.server_port}"
    with run_prometheus(tmp_path_factory.mktemp("prometheus"), target, ALERTS, "250ms") as prometheus:
        prometheus.wait_for("rate(ray_polyvox_streams_total[2s]) > 0")
        yield prometheus
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("title", "query"), [*dashboard_queries()])
def test_every_panel_s_query_gives_numbers(prometheus: Prometheus, title: str, query: str) -> None:
    values = [float(series["value"][1]) for series in prometheus.query(plain(query, "2s"))]
    assert values, title
    assert all(value == value for value in values), title


def test_every_rule_is_understood(prometheus: Prometheus) -> None:
    deadline = time.monotonic() + 20
    while any(rule["health"] == "unknown" for rule in prometheus.rules()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert {rule["name"]: rule["health"] for rule in prometheus.rules()} == {
        rule["alert"]: "ok" for rule in alert_rules()
    }
