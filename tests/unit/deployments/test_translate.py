"""Whatever a handle raises has a stable code; what says that a replica is gone has its stream moved."""

from __future__ import annotations

from typing import Any

import pytest
from grpc import RpcError as GrpcError  # type: ignore[import-untyped]
from ray import exceptions
from ray.serve.exceptions import BackPressureError

from deployments.elsewhere import REPLICA_GONE
from deployments.replica_stream import translate
from tts_core.errors import EmptyInput, Overloaded, SegmentFailed

# Ray's constructors have no types.
ray_error: Any = exceptions


@pytest.mark.parametrize(
    "error",
    [
        ray_error.ActorDiedError(),
        ray_error.ActorUnavailableError("no answer", b"\0" * 16),
        ray_error.NodeDiedError("its machine is off"),
        ray_error.OwnerDiedError("00" * 28, "", ""),
        ray_error.LocalRayletDiedError(),
        ray_error.WorkerCrashedError(),
        ray_error.RpcError("reset"),
        GrpcError(),
    ],
)
def test_a_replica_that_is_gone_is_left_for_another(error: Exception) -> None:
    told = translate(error)
    assert isinstance(told, REPLICA_GONE)
    assert told.code == "stream_interrupted"


def test_what_a_replica_says_itself_stays_what_it_is() -> None:
    said = EmptyInput("nothing to say", param="input")
    assert translate(said) is said
    raised = ray_error.RayTaskError("synthesize", "trace", SegmentFailed("NaN"))
    assert translate(raised).code == "segment_failed"


def test_a_full_queue_is_an_overload() -> None:
    told = translate(BackPressureError(num_queued_requests=3, max_queued_requests=2))
    assert isinstance(told, Overloaded)


@pytest.mark.parametrize(
    "error", [KeyError("secret"), ray_error.RayTaskError("f", "trace", ValueError("secret"))]
)
def test_what_nobody_foresaw_has_a_code_and_tells_nothing(error: Exception) -> None:
    told = translate(error)
    assert told.code == "internal_error"
    assert "secret" not in told.message
