"""The policies under test, called as Serve's controller calls them: its own code, on contexts made here.

Everything around a policy is Serve's: the wrapper with its delays and its start from zero, the merging and
averaging of what replicas and handles report. Only its clock is the simulation's.
"""

from __future__ import annotations

import contextlib
import math
from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

from ray.serve import autoscaling_policy
from ray.serve._private import autoscaling_state
from ray.serve._private.common import DeploymentID, TimeStampedValue
from ray.serve.config import AutoscalingConfig, AutoscalingContext

from benchmarks.autoscaling.fleet import Fleet, Replica
from deployments.autoscaling.policy import HeadroomPolicy, ReplicaReport, Settings

_DEPLOYMENT = DeploymentID("TTSServer", "simulated")
_PUSH_S = 1.0


class Delays(NamedTuple):
    """The pace of Serve's own policy."""

    up_s: float
    down_s: float
    look_back_s: float


class Clock:
    """Stands for the `time` module in Serve's autoscaling."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def time(self) -> float:
        return self.now_s


@contextlib.contextmanager
def serve_time(clock: Clock) -> Iterator[None]:
    """Let Serve's autoscaling go by this clock."""
    with patch.object(autoscaling_policy, "time", clock), patch.object(autoscaling_state, "time", clock):
        yield


class Series:
    """What one source records at each push and the controller keeps for the look-back period."""

    def __init__(self) -> None:
        self.points: deque[TimeStampedValue] = deque()

    def record(self, now_s: float, value: float, look_back_s: float) -> None:
        self.points.append(TimeStampedValue(now_s, value))
        while self.points[0].timestamp < now_s - look_back_s:
            self.points.popleft()


class Scaler:
    """A policy, and what the controller knows at each moment.

    Args:
        config: of the deployment; its policy isn't looked at.
        policy: what decides.
    """

    def __init__(self, config: AutoscalingConfig, policy: Callable[[Any], Any]) -> None:
        self._config = config
        apply_config: Any = autoscaling_policy._apply_autoscaling_config
        self._decide: Callable[[AutoscalingContext], tuple[float, dict[str, Any]]] = apply_config(policy)
        self._state: dict[str, Any] = {}
        self._queued = Series()
        self._ongoing: dict[int, Series] = {}
        self._reports: dict[int, ReplicaReport] = {}
        self._pushed_at_s = -_PUSH_S

    def decide(self, fleet: Fleet, target: int, now_s: float) -> int:
        """Return the number of replicas that there are to be."""
        if now_s - self._pushed_at_s >= _PUSH_S:
            self._pushed_at_s = now_s
            self._push(fleet, now_s)
        number, self._state = self._decide(self._context(fleet, target, now_s))
        return max(self._config.min_replicas, min(self._config.max_replicas, math.ceil(number)))

    def _push(self, fleet: Fleet, now_s: float) -> None:
        look_back_s = self._config.look_back_period_s
        self._queued.record(now_s, fleet.num_queued, look_back_s)
        for replica in fleet.running:
            series = self._ongoing.setdefault(replica.number, Series())
            series.record(now_s, len(replica.streams), look_back_s)
            self._reports[replica.number] = report_of(replica, fleet, now_s)
            replica.num_refused = 0

    def _context(self, fleet: Fleet, target: int, now_s: float) -> AutoscalingContext:
        running: list[Any] = [replica.number for replica in fleet.running]
        ongoing = [self._ongoing[number] for number in running if number in self._ongoing]
        return AutoscalingContext(
            deployment_id=_DEPLOYMENT,
            deployment_name=_DEPLOYMENT.name,
            app_name=_DEPLOYMENT.app_name,
            current_num_replicas=len(running),
            target_num_replicas=target,
            running_replicas=running,
            total_num_requests=lambda: self._merged([*ongoing, self._queued]),
            total_queued_requests=lambda: self._merged([self._queued]),
            aggregated_metrics=None,
            raw_metrics=lambda: self._raw(running),
            capacity_adjusted_min_replicas=self._config.min_replicas,
            capacity_adjusted_max_replicas=self._config.max_replicas,
            policy_state=dict(self._state),
            last_scale_up_time=None,
            last_scale_down_time=None,
            current_time=now_s,
            config=self._config,
        )

    def _merged(self, series: list[Series]) -> float:
        merge: Any = autoscaling_state.DeploymentAutoscalingState._merge_and_aggregate_timeseries
        points = [list(each.points) for each in series]
        return float(merge(SimpleNamespace(_config=self._config), points))

    def _raw(self, running: list[int]) -> dict[str, dict[Any, list[TimeStampedValue]]]:
        known = [number for number in running if number in self._reports]
        return {
            name: {n: [TimeStampedValue(0.0, getattr(self._reports[n], name))] for n in known}
            for name in ReplicaReport._fields
        }


def report_of(replica: Replica, fleet: Fleet, now_s: float) -> ReplicaReport:
    """Return what a replica would report."""
    num_open = len(replica.streams)
    return ReplicaReport(
        slots=fleet.machine.slots,
        open=num_open,
        load=num_open / fleet.machine.sustainable,
        headroom_s=min((stream.headroom_s(now_s) for stream in replica.streams), default=float("inf")),
        refused=replica.num_refused,
    )


def headroom(settings: Settings) -> Scaler:
    """Return Polyvox's policy, set up as deployments/app.py does it."""
    config = AutoscalingConfig(
        min_replicas=settings.min_replicas,
        max_replicas=settings.max_replicas,
        upscale_delay_s=0.0,
        downscale_delay_s=0.0,
        look_back_period_s=5.0,
        metrics_interval_s=_PUSH_S,
    )
    return Scaler(config, HeadroomPolicy(**settings._asdict()))


def default(target: float, delays: Delays, settings: Settings) -> Scaler:
    """Return Serve's own policy with these parameters, and the bounds of `settings`."""
    config = AutoscalingConfig(
        min_replicas=settings.min_replicas,
        max_replicas=settings.max_replicas,
        target_ongoing_requests=target,
        upscale_delay_s=delays.up_s,
        downscale_delay_s=delays.down_s,
        look_back_period_s=delays.look_back_s,
        metrics_interval_s=_PUSH_S,
    )
    return Scaler(config, autoscaling_policy.default_autoscaling_policy)
