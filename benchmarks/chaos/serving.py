"""`python -m benchmarks.chaos.serving SPEC`: the server's own process, with Ray's under it.

Apart from the one that listens, so that all that may be killed is below it, and nothing else is.
Says where it answers in a line of JSON, and ends with its standard input.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

APP = "chaos"
_STORE_BYTES = 100 * 1024 * 1024


def main() -> None:
    spec: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    with _ray(spec["nodes"], spec["cpus"]):
        _serve(spec)
        print(json.dumps({"port": spec["port"]}), flush=True)
        sys.stdin.read()


@contextmanager
def _ray(num_nodes: int, cpus: int) -> Iterator[None]:
    """Run Ray on one node; or on a head that holds the ingress, and nodes beside it with the engines."""
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if not num_nodes:
        ray.init(num_cpus=cpus, include_dashboard=False, object_store_memory=_STORE_BYTES, **quiet)
        yield
        _call(ray.shutdown)
        return
    from ray.cluster_utils import Cluster

    store: dict[str, Any] = {"object_store_memory": _STORE_BYTES}
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False, **store}
    )
    # Engines ask for a GPU each, which the head hasn't, and the ingress for both of the head's CPUs.
    for _ in range(num_nodes):
        cluster.add_node(num_cpus=1, num_gpus=1, **store)
    ray.init(address=cluster.address, **quiet)
    yield
    _call(ray.shutdown)
    _call(cluster.shutdown)


def _serve(spec: dict[str, Any]) -> None:
    from ray import serve

    from deployments.app import build
    from deployments.config import AppArgs

    # One HAProxy on this machine, however many nodes are on it.
    where: dict[str, Any] = {"proxy_location": "HeadOnly"} if spec["nodes"] else {}
    serve.start(http_options={"host": "127.0.0.1", "port": spec["port"]}, **where)
    serve.run(build(AppArgs.model_validate(spec["args"])), name=APP, route_prefix="/")


def _call(untyped: Callable[..., Any]) -> None:
    untyped()


if __name__ == "__main__":
    main()
