"""Where figures go, whoever collects them."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

from deployments.metrics.catalogue import Kind, Metric

Labels = tuple[tuple[str, str], ...]


class Recorder(Protocol):
    """Takes figures. Every call names all labels of its metric.

    Raises:
        ValueError: the labels or the kind of call don't fit the metric.
    """

    def add(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter; nothing where `amount` is 0."""
        ...

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge. NaN takes it away until it is set again."""
        ...

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Put a value into a histogram."""
        ...


class Ledger:
    """A recorder for a process without a collector: it keeps counters, gauges, and how often was observed."""

    def __init__(self) -> None:
        self._values: defaultdict[tuple[str, Labels], float] = defaultdict(float)

    def add(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        self._values[_key(metric, Kind.COUNTER, labels)] += amount

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        self._values[_key(metric, Kind.GAUGE, labels)] = value

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        self._values[_key(metric, Kind.HISTOGRAM, labels)] += 1

    def value(self, metric: Metric, **labels: str) -> float:
        """Return a counter, a gauge or a number of observations; 0 where there was none."""
        return self._values.get(_key(metric, metric.kind, labels), 0.0)


def _key(metric: Metric, kind: Kind, labels: dict[str, str]) -> tuple[str, Labels]:
    check_call(metric, kind, labels)
    return metric.name, tuple(sorted(labels.items()))


def check_call(metric: Metric, kind: Kind, labels: dict[str, str]) -> None:
    """Raise ValueError for what a metric doesn't have."""
    if metric.kind is not kind:
        raise ValueError(f"{metric.name} is a {metric.kind.name.lower()}")
    if labels.keys() != metric.label_names:
        raise ValueError(f"{metric.name} has the labels {metric.labels}, got {tuple(labels)}")
