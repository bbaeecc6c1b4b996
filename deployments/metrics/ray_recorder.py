"""Figures through Ray's own metrics: every node serves those of all its processes on one port.

A call costs about 3 microseconds of CPU, a gauge disappears by itself some seconds after its replica did, and
nobody has to find ports of replicas, which come and go. In exchange figures are up to ten seconds old when
Prometheus gets them, sums of histograms are guessed from their buckets, and what a replica that is gone has
counted is served, unchanged, for as long as its node lives: rates don't mind. A gauge that isn't a finite
number isn't served.
"""

from __future__ import annotations

from typing import Any

from ray.serve import metrics as serve_metrics

from deployments.metrics.catalogue import METRICS, Kind, Metric
from deployments.metrics.recorder import check_call


class RayRecorder:
    """A `Recorder`. One per process, made in a replica, whose name Serve adds to the labels."""

    def __init__(self) -> None:
        self._instruments = {metric.name: _instrument(metric) for metric in METRICS}

    def add(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        check_call(metric, Kind.COUNTER, labels)
        if amount:
            self._instruments[metric.name].inc(amount, tags=labels)

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        check_call(metric, Kind.GAUGE, labels)
        self._instruments[metric.name].set(value, tags=labels)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        check_call(metric, Kind.HISTOGRAM, labels)
        self._instruments[metric.name].observe(value, tags=labels)


def _instrument(metric: Metric) -> Any:
    names: Any = {"name": metric.name, "description": metric.about, "tag_keys": metric.labels}
    if metric.kind is Kind.COUNTER:
        return serve_metrics.Counter(**names)
    if metric.kind is Kind.GAUGE:
        return serve_metrics.Gauge(**names)
    return serve_metrics.Histogram(**names, boundaries=list(metric.bounds))
