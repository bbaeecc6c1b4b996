"""`python -m benchmarks.chaos.serving SPEC`: the server's own process, with Ray's under it.

Apart from the one that listens, so that all that may be killed is below it, and nothing else is.
Says where it answers in a line of JSON. Each line of its standard input is arguments to deploy in place of
those that are; it ends with its standard input.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

APP = "chaos"
HEAD_CPUS, NODE_CPUS = 2.0, 4.0
"""Of the head, for the ingress; of each node beside it, for an engine, which has no room on the head."""
_STORE_BYTES = 100 * 1024 * 1024


def main() -> None:
    spec: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    with _ray(spec["nodes"], spec["cpus"]) as add_nodes, ThreadPoolExecutor(1) as pool:
        serving = pool.submit(_serve, spec)
        add_nodes()  # here, since Ray's cluster_utils set signal handlers
        serving.result()
        print(json.dumps({"port": spec["port"]}), flush=True)
        for line in sys.stdin:
            pool.submit(_deploy, json.loads(line)).result()


@contextmanager
def _ray(num_nodes: int, cpus: int) -> Iterator[Callable[[], None]]:
    """Run Ray on one node; or on a head that holds the ingress, and nodes beside it with the engines.

    Yields what adds those nodes once the ingress has its place, so that the head is where it is.
    """
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if not num_nodes:
        ray.init(num_cpus=cpus, include_dashboard=False, object_store_memory=_STORE_BYTES, **quiet)
        yield lambda: None
        _call(ray.shutdown)
        return
    from ray.cluster_utils import Cluster

    store: dict[str, Any] = {"object_store_memory": _STORE_BYTES}
    head = {"num_cpus": int(HEAD_CPUS), "include_dashboard": False, **store}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    ray.init(address=cluster.address, **quiet)

    def add_nodes() -> None:
        while not _has_ingress():
            time.sleep(0.1)
        for _ in range(num_nodes):
            cluster.add_node(num_cpus=int(NODE_CPUS), **store)

    yield add_nodes
    _call(ray.shutdown)
    _call(cluster.shutdown)


def _has_ingress() -> bool:
    children = psutil.Process().children(recursive=True)
    return any(f"ServeReplica:{APP}:Ingress" in " ".join(_command(one)) for one in children)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _serve(spec: dict[str, Any]) -> None:
    from ray import serve

    # One HAProxy on this machine, however many nodes are on it.
    where: dict[str, Any] = {"proxy_location": "HeadOnly"} if spec["nodes"] else {}
    serve.start(http_options={"host": "127.0.0.1", "port": spec["port"]}, **where)
    _deploy(spec["args"])


def _deploy(args: dict[str, Any]) -> None:
    from ray import serve

    from deployments.app import build
    from deployments.config import AppArgs

    serve.run(build(AppArgs.model_validate(args)), name=APP, route_prefix="/")


def _call(untyped: Callable[..., Any]) -> None:
    untyped()


if __name__ == "__main__":
    main()
