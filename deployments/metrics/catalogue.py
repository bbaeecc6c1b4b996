"""Every metric there is. Dashboards and alerts may name no other; a test holds them to it.

Labels are bounded: models, codes, stages. Requests, voices and texts are never labels.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property

from tts_core.stats import STEP_BOUNDS_S


class Kind(enum.Enum):
    COUNTER = enum.auto()
    GAUGE = enum.auto()
    HISTOGRAM = enum.auto()


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: without the `ray_` that Ray puts before it, and the suffixes that Prometheus puts after it.
        kind: what may be done with it.
        about: a line for people.
        labels: names of its labels, beside those that Ray adds (application, deployment, replica, node).
        bounds: upper ends of a histogram's buckets. Ray keeps only buckets: its `_sum` is a guess.
    """

    name: str
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @cached_property
    def label_names(self) -> frozenset[str]:
        return frozenset(self.labels)

    @property
    def series(self) -> tuple[str, ...]:
        """Return what Prometheus calls it."""
        suffixes = {Kind.COUNTER: ("_total",), Kind.GAUGE: ("",), Kind.HISTOGRAM: ("_bucket", "_count")}
        return tuple(f"ray_{self.name}{suffix}" for suffix in suffixes[self.kind])


def _counter(name: str, about: str, *labels: str) -> Metric:
    return Metric(name, Kind.COUNTER, about, labels)


def _gauge(name: str, about: str, *labels: str) -> Metric:
    return Metric(name, Kind.GAUGE, about, labels)


def _histogram(name: str, about: str, bounds: tuple[float, ...], *labels: str) -> Metric:
    return Metric(name, Kind.HISTOGRAM, about, labels, bounds)


_WAITS_S = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)

# Ingress: what listeners get.
TTFA = _histogram(
    "polyvox_ttfa_seconds", "From a request's arrival to its first audible write.", _WAITS_S, "model"
)
HEADROOM = _gauge(
    "polyvox_headroom_seconds", "The lowest headroom of those who have listened for 5 s.", "model"
)
LISTENERS = _gauge("polyvox_listeners", "Answers of speech that are being written.", "model")
UNDERRUNS = _counter("polyvox_underruns", "Times that a listener ran dry.", "model")
UNDERRUN_S = _counter("polyvox_underrun_seconds", "Silence that listeners heard by running dry.", "model")
DELIVERED_S = _counter("polyvox_delivered_audio_seconds", "Audio written to listeners.", "model")
STREAMS = _counter(
    "polyvox_streams", "Answers of speech that are over, by how they ended.", "model", "outcome"
)
ERRORS = _counter("polyvox_errors", "Errors that clients were told, by their stable code.", "code")
FAILOVERS = _counter(
    "polyvox_failovers",
    "Streams whose replica was lost, by why, and whether another one went on.",
    "model",
    "code",
    "result",
)
SPREAD = _counter("polyvox_spread_streams", "Streams that ran dry and went on where fewer listened.", "model")

# Replica: what the engine does.
SLOTS = _gauge("polyvox_slots", "Streams that a replica serves at once.", "model")
OPEN = _gauge(
    "polyvox_open_streams", "Streams that a replica holds open: those who stall lend their slots.", "model"
)
PAUSED = _gauge("polyvox_paused_streams", "Open streams whose listener has enough for now.", "model")
QUEUE_WAIT = _histogram(
    "polyvox_queue_wait_seconds", "From admission to the first computing for it.", _WAITS_S, "model"
)
MADE_S = _counter("polyvox_made_audio_seconds", "Audio that engines made.", "model")
STEP_TIME = _histogram("polyvox_step_seconds", "How long steps took.", STEP_BOUNDS_S, "model", "stage")
BUSY_S = _counter("polyvox_busy_seconds", "Computing, by stage: exact, unlike a histogram.", "model", "stage")
STEP_ROWS = _counter("polyvox_step_rows", "Sequences in steps: the batch, over steps.", "model", "stage")
TAKES = _counter("polyvox_flawed_takes", "Takes that were lost, looped or ran away.", "model", "flaw")
LOADS = _counter("polyvox_model_loads", "Loads of models, by how they ended.", "model", "code")

# Both.
MEMORY = _gauge("polyvox_memory_bytes", "Memory of a process: resident, or held on a GPU.", "kind")

METRICS: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
