"""The monitoring files: what they ask Prometheus for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deployments.metrics.catalogue import METRICS

FOLDER = Path(__file__).parents[3] / "k8s" / "monitoring"
DASHBOARD = FOLDER / "polyvox-dashboard.json"
ALERTS = FOLDER / "alerts.yml"

SERVED = {series for metric in METRICS for series in metric.series}


def dashboard_queries() -> Iterator[tuple[str, str]]:
    """Yield each panel's title and its queries."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def alert_rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]:
        yield from group["rules"]


def names_in(query: str) -> set[str]:
    """Return the names of our series in a query, misspelt ones included."""
    return set(re.findall(r"\b\w*polyvox_\w+", query))


def plain(query: str, window: str) -> str:
    """Put values where Grafana would put them."""
    return query.replace("$__rate_interval", window).replace("$model", ".*")
