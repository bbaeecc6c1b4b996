"""A replica takes the fraction of a GPU that the configuration gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import ray
from ray import serve
from ray.serve._private.common import ReplicaState

from deployments.app import build, resources
from deployments.config import AppArgs, ReplicaArgs
from tests.support.server import RunningServer, config_args


def free_gpus() -> float:
    available = cast(Callable[[], dict[str, float]], ray.available_resources)
    return available().get("GPU", 0.0)


def test_two_replicas_share_one_logical_gpu(server: RunningServer) -> None:
    args: dict[str, Any] = config_args()
    args["engines"][0]["replica"] |= {"device": "auto", "gpus": 0.5, "cpus": 0.1}
    args["engines"][0]["replica"]["autoscaling"] = {"min_replicas": 2, "max_replicas": 2}
    assert free_gpus() == 1.0
    serve.run(build(AppArgs.model_validate(args)), name="gpu", route_prefix="/gpu")
    try:
        deployment = serve.status().applications["gpu"].deployments["TTSServer-formant"]
        assert deployment.replica_states[ReplicaState.RUNNING] == 2
        assert free_gpus() == 0.0
    finally:
        serve.delete("gpu")


def test_the_config_may_state_the_device(server: RunningServer) -> None:
    assert resources(ReplicaArgs(device="cpu", cpus=2.0)) == {"num_cpus": 2.0}
    assert resources(ReplicaArgs(device="gpu", gpus=0.25)) == {"num_cpus": 0.5, "num_gpus": 0.25}
    assert resources(ReplicaArgs(device="auto"))["num_gpus"] == 0.5
