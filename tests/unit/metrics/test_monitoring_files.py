"""Dashboards and alerts ask for nothing that isn't measured."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deployments.metrics.catalogue import METRICS, Kind
from tests.unit.metrics.monitoring import (
    ALERTS,
    DASHBOARD,
    FOLDER,
    SERVED,
    alert_rules,
    dashboard_queries,
    names_in,
)

OPERATING = FOLDER.parents[1] / "docs" / "operating.md"
UNITS = ("_seconds", "_bytes")
NUMBERS = {  # of what is counted, so without a unit
    "polyvox_listeners",
    "polyvox_underruns",
    "polyvox_streams",
    "polyvox_errors",
    "polyvox_failovers",
    "polyvox_spread_streams",
    "polyvox_slots",
    "polyvox_open_streams",
    "polyvox_paused_streams",
    "polyvox_step_rows",
    "polyvox_flawed_takes",
    "polyvox_model_loads",
}


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool isn't installed (Debian has it in the package prometheus)")
    return found


def queries() -> list[tuple[str, str]]:
    return [*dashboard_queries(), *((rule["alert"], rule["expr"]) for rule in alert_rules())]


@pytest.mark.parametrize(("where", "query"), queries())
def test_every_series_that_is_asked_for_is_served(where: str, query: str) -> None:
    assert names_in(query) <= SERVED, where


def test_a_misspelt_series_is_noticed() -> None:
    assert not names_in("rate(ray_polyvox_undrruns_total[5m])") <= SERVED
    assert not names_in("rate(polyvox_underruns_total[5m])") <= SERVED
    assert not names_in("ray_polyvox_ttfa_seconds_sum") <= SERVED  # Ray only guesses it


def test_every_metric_is_on_the_dashboard() -> None:
    shown = set().union(*(names_in(query) for _, query in dashboard_queries()))
    missing = [metric.name for metric in METRICS if not shown & set(metric.series)]
    assert not missing


def test_names_say_their_unit_and_labels_are_bounded() -> None:
    for metric in METRICS:
        assert metric.name.endswith(UNITS) or metric.name in NUMBERS, metric.name
        assert set(metric.labels) <= {"model", "code", "stage", "outcome", "result", "kind", "flaw"}
        assert bool(metric.bounds) == (metric.kind is Kind.HISTOGRAM)
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_the_dashboard_holds_together() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert all(panel["description"] for panel in panels if panel["type"] != "row")


def test_every_alert_has_a_runbook() -> None:
    headings = {
        re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
        for heading in re.findall(r"^#+ (.+)$", OPERATING.read_text(encoding="utf-8"), re.MULTILINE)
    }
    for rule in alert_rules():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operating.md"
        assert anchor == rule["alert"].lower()
        assert anchor in headings


def test_promtool_accepts_the_rules_and_the_configuration(promtool: str) -> None:
    for command in (["check", "rules", str(ALERTS)], ["check", "config", str(FOLDER / "prometheus.yml")]):
        checked = subprocess.run([promtool, *command], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alerts_fire_when_they_should(promtool: str) -> None:
    cases = Path(__file__).with_name("alerts_test.yml")
    checked = subprocess.run(
        [promtool, "test", "rules", str(cases)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_is_tried_out() -> None:
    cases = Path(__file__).with_name("alerts_test.yml").read_text(encoding="utf-8")
    assert all(f"# alertname: {rule['alert']}\n" in cases for rule in alert_rules())
