"""What Ray Serve's public interface doesn't tell of its transport. The one place that looks inside."""

from __future__ import annotations

import threading
from typing import Any

import ray
from grpc import RpcError as GrpcError  # type: ignore[import-untyped]
from ray import serve
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    RayActorError,
    RpcError,
    WorkerCrashedError,
)
from ray.serve._private import constants
from ray.serve.context import _get_global_client
from ray.serve.handle import DeploymentHandle

from deployments.http.request_id import MIDDLEWARES_PATH

# One event loop for the replica, its router and our code: a hop between threads costs more than our work
# on an item. Our code never blocks that loop.
REPLICA_ENV = {
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    # A log that is written a thousand lines late explains nothing, and is lost with its process.
    "RAY_SERVE_REQUEST_PATH_LOG_BUFFER_SIZE": "1",
    # Behind HAProxy replicas speak HTTP themselves; elsewhere proxies do, whom `polyvox serve` tells.
    "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": MIDDLEWARES_PATH,
    # With an arena for every thread, each keeps what it has freed, and memory grows for longer.
    "MALLOC_ARENA_MAX": "1",
}

# For what streams weights through a CPU: huge pages spare it most of its address lookups, a sixth of a decode
# step. Threads that share a step wait actively for each other for some 100 us at most: with OpenMP's default,
# four of them on two cores took 1.3 s for a step of 15 ms, and so they take 0.12 s. All of it is read when a
# process begins.
ENGINE_ENV = {
    **REPLICA_ENV,
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "GOMP_SPINCOUNT": "20000",
}


REPLICA_LOST = (
    RayActorError,
    NodeDiedError,
    ObjectLostError,
    LocalRayletDiedError,
    WorkerCrashedError,
    RpcError,
    GrpcError,  # what isn't plain unavailability, Serve passes on as it came
)
"""What a handle raises when a replica, its node or the way there is gone."""

_BROKEN = ("UNHEALTHY", "DEPLOY_FAILED")


def over_grpc(handle: DeploymentHandle[Any]) -> DeploymentHandle[Any]:
    """Return the handle with its items sent over gRPC, three times as fast as through Ray's object store."""
    return handle.options(_by_reference=False)


def running_replicas(handle: DeploymentHandle[Any]) -> frozenset[str]:
    """Return the unique ids of the replicas that a handle may send requests to, as far as it knows by now."""
    router: Any = getattr(handle, "_router", None)
    chooser = getattr(getattr(router, "_asyncio_router", None), "request_router", None)
    return frozenset(replica.unique_id for replica in chooser.curr_replicas) if chooser else frozenset()


def trouble_with(handle: DeploymentHandle[Any]) -> str:
    """Return why a deployment can't come up, as the controller knows; "" where it can. Blocks a moment."""
    app = serve.status().applications.get(handle.app_name)
    deployment = app.deployments.get(handle.deployment_name) if app else None
    if deployment is None:
        return "it is being deleted"
    return (deployment.message or "it is unhealthy") if deployment.status in _BROKEN else ""


def writes_reach_the_socket() -> bool:
    """Whether an ASGI `send` in a replica waits for the client's socket.

    True where replicas serve HTTP themselves, behind HAProxy; false behind Serve's own proxy, which takes
    everything at once and holds it.
    """
    return bool(
        getattr(constants, "RAY_SERVE_ENABLE_DIRECT_INGRESS", False)
        and not constants.RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD
    )


def http_host() -> str:
    """Return the address that Serve's HTTP listens on. Only where Serve runs."""
    client: Any = _get_global_client()
    return str(client.http_config.host)


def end_application() -> None:
    """Have Serve end the application that this replica belongs to, streams first. Returns at once."""
    name = serve.get_replica_context().app_name
    delete: Any = serve.delete
    threading.Thread(target=delete, args=(name,), kwargs={"_blocking": False}, daemon=True).start()


def node_address() -> str:
    """Return the address by which the cluster's other nodes reach this one."""
    get_address: Any = ray.util.get_node_ip_address
    return str(get_address())
