"""How many replicas the listeners need: a pure function of what replicas report, and its adapter for Serve.

Serve's controller gets this module by value, so it imports nothing but the standard library. State goes in
and comes out; the clock is an argument. The same function decides in the simulation and in production.

A replica's *share* is what one stream takes of it: of its slots, or of the streams that it keeps supplied in
real time, whichever is scarcer. Demand is the sum of the shares of all streams, those that wait included: it
counts in replicas.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

_ROUNDING = 1e-9
_TREND_STEP_S = 0.5
_MIN_TREND = 3
_STATE_KEY, _CLOCK_KEY = "headroom", "clock"
_MAX_STEP_S = 10.0
"""Serve asks every second or so: more is a jump of the wall clock, or a controller that was away."""
_LONGEST_STARTUP = 5.0
"""Of the setting. A replica that waits for a machine or a quota is no longer starting."""


class ReplicaReport(NamedTuple):
    """What one replica says of itself.

    Attributes:
        slots: streams that can be open at once.
        open: streams that are open now.
        load: part of what it can compute in real time that the open streams need; 0 while unknown.
        headroom_s: the lowest among its listeners' (audio received minus playback clock), counted for those
            that have played for a while; infinite where there are none.
        refused: requests refused for want of room within the last seconds.
    """

    slots: float
    open: float
    load: float
    headroom_s: float
    refused: float

    def used(self, min_headroom_s: float) -> float:
        """Return the part of the replica that is taken.

        The load is a prediction. Where a listener runs dry whom it says would be supplied, it is wrong, and
        the replica is full.
        """
        runs_dry = self.open > 0 and self.headroom_s < min_headroom_s
        return max(self.open / self.slots, self.load, 1.0 if runs_dry else 0.0)


class Settings(NamedTuple):
    """What an operator decides.

    Attributes:
        min_replicas: never fewer. 0 allows none while nobody listens.
        max_replicas: never more.
        target_load: how full those who are here may make replicas, as a part of what they hold.
        margin: for those who are expected: standard deviations of chance that are to fit beside them.
        min_headroom_s: a replica with a listener who has less takes no more of them in this reckoning.
        startup_s: how long a replica takes to be ready, until that has been observed.
        trend_window_s: how far back growth is measured.
        downscale_delay_s: how long fewer replicas must have been enough before any is stopped.
        idle_delay_s: how long nobody must have listened before the last one is stopped, if it may be.
    """

    min_replicas: int = 1
    max_replicas: int = 1
    target_load: float = 0.8
    margin: float = 2.0
    min_headroom_s: float = 0.25
    startup_s: float = 20.0
    trend_window_s: float = 30.0
    downscale_delay_s: float = 60.0
    idle_delay_s: float = 300.0


class Observation(NamedTuple):
    """The deployment at one moment.

    Attributes:
        now_s: any clock that only goes forward.
        num_running: replicas that are ready.
        target: replicas that there are to be, by the last decision.
        queued: requests that wait for a replica.
        reports: of ready replicas; some may not have reported yet.
    """

    now_s: float
    num_running: int
    target: int
    queued: float
    reports: tuple[ReplicaReport, ...]


class State(NamedTuple):
    """What is remembered from one decision to the next.

    Attributes:
        demands: (when, demand), within the trend's window.
        needs: (when, replicas needed), each higher than all later ones: the first is the highest within the
            delay.
        share: of a replica, that a stream took when last one did.
        busy_at_s: when somebody last listened.
        starting: (since when, replicas ready then), while more are on their way.
        startup_s: what replicas took to be ready, smoothed.
    """

    demands: tuple[tuple[float, float], ...] = ()
    needs: tuple[tuple[float, int], ...] = ()
    share: float | None = None
    busy_at_s: float | None = None
    starting: tuple[float, int] | None = None
    startup_s: float | None = None


def decide(seen: Observation, settings: Settings, state: State) -> tuple[int, State]:
    """Return how many replicas there are to be, within the settings' bounds, and what to remember.

    Up at once. Down to the most that was needed at any moment of the delay, so that what remains has held the
    load all that time. To none once nobody has listened for the idle delay.
    """
    state = _learn(seen, settings, state)
    needed = _needed(seen, settings, state)
    needs = _highest(state.needs or ((seen.now_s, seen.target),), seen.now_s, needed, settings)
    target = needs[0][1]
    if state.busy_at_s is None or seen.now_s - state.busy_at_s < settings.idle_delay_s:
        target = max(min(1, seen.target), target)
    target = max(settings.min_replicas, min(settings.max_replicas, target))
    starting = state.starting
    if target > seen.num_running and starting is None:
        starting = (seen.now_s, seen.num_running)
    return target, state._replace(needs=needs, starting=starting if target > seen.num_running else None)


def _learn(seen: Observation, settings: Settings, state: State) -> State:
    used = tuple(report.used(settings.min_headroom_s) for report in seen.reports)
    state = state._replace(share=_share(seen, used, state))
    is_busy = _waiting(seen) > 0 or any(report.open for report in seen.reports)
    state = state._replace(busy_at_s=seen.now_s if is_busy or state.busy_at_s is None else state.busy_at_s)
    if not state.demands or seen.now_s - state.demands[-1][0] >= _TREND_STEP_S:
        since = seen.now_s - settings.trend_window_s
        demands = (*state.demands, (seen.now_s, _demand(seen, settings, state)))
        state = state._replace(demands=tuple(demand for demand in demands if demand[0] >= since))
    if state.starting is None or seen.num_running <= state.starting[1]:
        return state
    took_s = min(seen.now_s - state.starting[0], _LONGEST_STARTUP * settings.startup_s)
    known_s = took_s if state.startup_s is None else state.startup_s
    return state._replace(startup_s=(known_s + took_s) / 2, starting=None)


def _share(seen: Observation, used: tuple[float, ...], state: State) -> float | None:
    """Return what a stream takes of the replica where it takes most, since it may come to any."""
    busy = [part / report.open for part, report in zip(used, seen.reports, strict=True) if report.open]
    idle = [1 / report.slots for report in seen.reports]
    return max(busy, default=state.share or max(idle, default=None))


def _waiting(seen: Observation) -> float:
    return seen.queued + sum(report.refused for report in seen.reports)


def _demand(seen: Observation, settings: Settings, state: State) -> float:
    """Return how many full replicas the present listeners make, with those who wait."""
    present = sum(report.used(settings.min_headroom_s) for report in seen.reports)
    return present + _waiting(seen) * (state.share or 0.0)


def _needed(seen: Observation, settings: Settings, state: State) -> int:
    """Return the replicas for those who are here, and for those who will be when a new replica is ready.

    Listeners come by chance: around n expected ones they vary by the square root of n, so the margin for them
    grows slower than their number. (Square-root staffing: Halfin and Whitt, 1981.)
    """
    demand, share = _demand(seen, settings, state), state.share or 0.0
    expected = _expected(seen, settings, state)
    wanted = max(demand / settings.target_load, expected + settings.margin * math.sqrt(expected * share))
    return max(math.ceil(wanted - _ROUNDING), 1 if _waiting(seen) else 0)


def _expected(seen: Observation, settings: Settings, state: State) -> float:
    """Return the demand by the line through the last ones: growth is followed until a new replica is ready.

    A decline is followed to the present only: stopping takes no preparation.
    """
    startup_s = settings.startup_s if state.startup_s is None else state.startup_s
    mean_s = sum(when for when, _ in state.demands) / len(state.demands)
    level = sum(demand for _, demand in state.demands) / len(state.demands)
    growth = _growth(state.demands, mean_s)
    ahead_s = startup_s if growth > 0 else 0.0
    return max(0.0, level + growth * (seen.now_s - mean_s + ahead_s))


def _growth(demands: tuple[tuple[float, float], ...], mean_s: float) -> float:
    """Return the slope of the line through the demands, per second. (Ordinary least squares.)"""
    if len(demands) < _MIN_TREND:
        return 0.0
    spread = sum((when - mean_s) ** 2 for when, _ in demands)
    return sum((when - mean_s) * demand for when, demand in demands) / spread


def _highest(
    needs: tuple[tuple[float, int], ...], now_s: float, needed: int, settings: Settings
) -> tuple[tuple[float, int], ...]:
    """Return the needs of the delay, with the present one, without those that a later one reaches."""
    since = now_s - settings.downscale_delay_s
    higher = tuple(need for need in needs if need[1] > needed and need[0] > since)
    return (*higher, (now_s, needed))


class HeadroomPolicy:
    """`decide` as Serve calls it: `policy_kwargs` are the settings, the state stays with the controller.

    Serve applies delays of its own to what comes back; they are to be 0. It tells the time by the wall clock,
    which may jump: a clock that only goes forward is kept with the state.
    """

    def __init__(self, **settings: float) -> None:
        self._settings = Settings(**settings)  # type: ignore[arg-type]  # checked by deployments/config.py

    def __call__(self, context: Any) -> tuple[int, dict[str, Any]]:
        """Return the number of replicas for Serve's AutoscalingContext, and the state."""
        kept = context.policy_state.get(_STATE_KEY)
        told_s = context.current_time
        last_told_s, now_s = context.policy_state.get(_CLOCK_KEY, (told_s, told_s))
        now_s += min(max(0.0, told_s - last_told_s), _MAX_STEP_S)
        seen = observe(context)._replace(now_s=now_s)
        target, state = decide(seen, self._settings, State(*kept) if kept else State())
        return target, {_STATE_KEY: tuple(state), _CLOCK_KEY: (told_s, now_s)}


def observe(context: Any) -> Observation:
    """Return what Serve's AutoscalingContext says: the latest figures, not their mean over the look-back."""
    figures = context.raw_metrics or {}
    reports = []
    for replica in context.running_replicas:
        series = [figures.get(name, {}).get(replica) for name in ReplicaReport._fields]
        if all(series):
            report = ReplicaReport(*(points[-1].value for points in series if points))
            reports += [report] if report.slots > 0 else []
    return Observation(
        now_s=context.current_time,
        num_running=context.current_num_replicas,
        target=context.target_num_replicas,
        queued=context.total_queued_requests or 0.0,
        reports=tuple(reports),
    )
