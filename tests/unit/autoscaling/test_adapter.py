"""The policy as Serve's controller has it: by value, called with its contexts."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError
from ray.serve._private.common import DeploymentID, ReplicaID, TimeStampedValue
from ray.serve.config import AutoscalingConfig, AutoscalingContext

from deployments.autoscaling.policy import HeadroomPolicy, ReplicaReport, State, observe
from deployments.autoscaling.wiring import autoscaling_config
from deployments.config import AutoscalingArgs

DEPLOYMENT = DeploymentID("TTSServer", "app")
FIRST, SECOND = ReplicaID("first", DEPLOYMENT), ReplicaID("second", DEPLOYMENT)


def context(reports: dict[Any, list[ReplicaReport]], **changes: Any) -> AutoscalingContext:
    metrics = {
        name: {
            replica: [TimeStampedValue(float(at), getattr(one, name)) for at, one in enumerate(each)]
            for replica, each in reports.items()
        }
        for name in ReplicaReport._fields
    }
    values: dict[str, Any] = {
        "deployment_id": DEPLOYMENT,
        "deployment_name": "TTSServer",
        "app_name": "app",
        "current_num_replicas": 2,
        "target_num_replicas": 2,
        "running_replicas": [FIRST, SECOND],
        "total_num_requests": 0.0,
        "total_queued_requests": 0.0,
        "aggregated_metrics": None,
        "raw_metrics": metrics,
        "capacity_adjusted_min_replicas": 1,
        "capacity_adjusted_max_replicas": 4,
        "policy_state": {},
        "last_scale_up_time": None,
        "last_scale_down_time": None,
        "current_time": 5.0,
        "config": AutoscalingConfig(),
        **changes,
    }
    return AutoscalingContext(**values)


def report(num_open: float) -> ReplicaReport:
    return ReplicaReport(slots=4.0, open=num_open, load=0.0, headroom_s=math.inf, refused=0.0)


def test_the_latest_figures_of_running_replicas_are_seen() -> None:
    gone = ReplicaID("gone", DEPLOYMENT)
    seen = observe(context({FIRST: [report(4), report(1)], gone: [report(4)]}, total_queued_requests=3.0))
    assert seen.reports == (report(1),)
    assert (seen.now_s, seen.num_running, seen.target, seen.queued) == (5.0, 2, 2, 3.0)


def test_nothing_reported_keeps_what_there_is() -> None:
    target, _ = HeadroomPolicy(min_replicas=1, max_replicas=4)(context({}, raw_metrics=None))
    assert target == 2


def test_the_state_goes_from_call_to_call() -> None:
    policy = HeadroomPolicy(min_replicas=1, max_replicas=4, downscale_delay_s=10)
    crowd = context({FIRST: [report(4)], SECOND: [report(4)]})
    target, state = policy(crowd)
    assert target > 2
    later = context({FIRST: [report(0)], SECOND: [report(0)]}, policy_state=state, current_time=6.0)
    assert policy(later)[0] == target


class Controller:
    """Calls a policy every second of a wall clock that may jump, and has what was wanted in a moment."""

    def __init__(self, **settings: float) -> None:
        self.policy = HeadroomPolicy(min_replicas=1, max_replicas=10, **settings)
        self.wall_s, self.target, self.state = 1e6, 1, dict[str, Any]()

    def run(self, seconds: int, num_open: float, *, starts: bool = True) -> None:
        for _ in range(seconds):
            self.wall_s += 1.0
            ids = [ReplicaID(str(number), DEPLOYMENT) for number in range(self.target if starts else 1)]
            each = num_open / len(ids)
            self.target, self.state = self.policy(
                context(
                    {one: [report(each)] for one in ids},
                    running_replicas=ids,
                    current_num_replicas=len(ids),
                    target_num_replicas=self.target,
                    policy_state=self.state,
                    current_time=self.wall_s,
                )
            )


@pytest.mark.parametrize("jump_s", [-7200.0, 86_400.0])
def test_a_jump_of_the_clock_changes_nothing_but_a_delay(jump_s: float) -> None:
    controller = Controller(downscale_delay_s=20, trend_window_s=10, startup_s=5)
    controller.run(30, 10)
    needed = controller.target
    controller.run(3, 8)
    controller.wall_s += jump_s
    controller.run(20, 6)
    assert controller.target <= needed
    controller.run(40, 1)
    assert controller.target == 1


@pytest.mark.parametrize("waits_s", [1.0, 86_400.0])
def test_what_waits_for_a_machine_is_not_starting(waits_s: float) -> None:
    controller = Controller(downscale_delay_s=20, trend_window_s=10, startup_s=5)
    controller.run(5, 4, starts=False)
    for _ in range(60):
        controller.wall_s += waits_s
        controller.run(1, 4, starts=False)
    controller.run(2, 4)
    startup_s = State(*controller.state["headroom"]).startup_s
    assert startup_s is not None
    assert startup_s <= 25


def test_a_replica_without_a_model_in_memory_has_no_say() -> None:
    """Its only model is being replaced by another one."""
    empty = ReplicaReport(slots=0.0, open=0.0, load=0.0, headroom_s=math.inf, refused=0.0)
    assert observe(context({FIRST: [report(2)], SECOND: [empty]})).reports == (report(2),)
    target, _ = HeadroomPolicy(min_replicas=1, max_replicas=4)(context({FIRST: [empty], SECOND: [empty]}))
    assert target == 2


def test_the_controller_needs_nothing_of_ours_to_load_it(tmp_path: Any) -> None:
    policy = autoscaling_config(AutoscalingArgs()).policy
    path = tmp_path / "policy"
    path.write_bytes(policy.get_serialized_policy_def() or b"")
    code = (
        "import sys; sys.modules['deployments'] = None\n"
        "from ray import cloudpickle\n"
        "policy = cloudpickle.loads(open(sys.argv[1], 'rb').read())(max_replicas=3)\n"
        "class Nobody: policy_state, raw_metrics, running_replicas = {}, None, []\n"
        "class Nobody(Nobody): current_time, current_num_replicas, target_num_replicas = 1.0, 1, 1\n"
        "class Nobody(Nobody): total_queued_requests = 0.0\n"
        "print(policy(Nobody)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "1\n", done.stderr


def test_serves_own_delays_are_off_for_ours_and_as_stated_for_its_own() -> None:
    ours = autoscaling_config(AutoscalingArgs(downscale_delay_s=7, max_replicas=5))
    assert (ours.upscale_delay_s, ours.downscale_delay_s, ours.max_replicas) == (0, 0, 5)
    assert ours.policy.policy_kwargs["downscale_delay_s"] == 7
    theirs = autoscaling_config(
        AutoscalingArgs(policy="ongoing_requests", target_ongoing_requests=9, downscale_delay_s=7)
    )
    assert theirs.policy.is_default_policy_function()
    assert (theirs.target_ongoing_requests, theirs.downscale_delay_s) == (9, 7)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"target_ongoing_requests": 4}, "target_ongoing_requests: only for policy ongoing_requests"),
        ({"policy": "ongoing_requests", "margin": 1.0}, "margin: only for policy headroom"),
        ({"policy": "random"}, "'headroom' or 'ongoing_requests'"),
        ({"min_replicas": 3}, "min_replicas 3 exceeds max_replicas 2"),
        ({"target_load": 1.5}, "less than or equal to 1"),
    ],
)
def test_what_has_no_effect_is_an_error(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        AutoscalingArgs(**arguments)
