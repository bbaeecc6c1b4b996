"""A real Ray cluster with the real application in it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import httpx
import psutil
import yaml

from tests.support.environment import free_port

CONFIG = Path(__file__).parents[2] / "serve_config.yaml"
APP = "polyvox"
PRODUCTION = os.environ.get("RAY_SERVE_ENABLE_HA_PROXY") == "1"


@dataclass(frozen=True)
class RunningServer:
    """Where the application answers, and what its processes are.

    Attributes:
        url: without a slash at its end.
        num_slots: listeners that one replica takes.
    """

    url: str
    num_slots: int

    def stats(self) -> Any:
        """Return the only replica's own figures."""
        return self.handle.stats.remote().result(timeout_s=10)

    @cached_property
    def handle(self) -> Any:
        from ray import serve

        handle: Any = serve.get_deployment_handle("TTSServer-formant", APP)
        # In throughput-optimised mode the router wants the caller's event loop, and a test has none.
        handle._init(_run_router_in_separate_loop=True)
        return handle

    def wait_until_free(self, within_s: float) -> Any:
        """Return the replica's figures once no stream is open, or the last ones seen."""
        deadline = time.monotonic() + within_s
        while (stats := self.stats()).num_open and time.monotonic() < deadline:
            time.sleep(0.01)
        return stats

    def processes(self, title: str) -> list[psutil.Process]:
        """Return the processes of this cluster whose title contains `title`."""
        children = psutil.Process().children(recursive=True)
        return [process for process in children if title in " ".join(_cmdline(process))]


def config_args() -> dict[str, Any]:
    """Return `args` of serve_config.yaml, with one replica, so that its figures are the application's."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    args: dict[str, Any] = config["applications"][0]["args"]
    args["engines"][0]["replica"]["autoscaling"]["max_replicas"] = 1
    args["engines"][0]["replica"]["device"] = "cpu"
    args["engines"][0]["replica"]["graceful_shutdown_timeout_s"] = 1.0
    # What GPT-SoVITS's clients call a voice, and where pages that speak come from.
    args["ingress"]["voice_aliases"]["demo.wav"] = "en-us"
    args["ingress"]["cors_origins"] = ["http://chat.example"]
    return args


@contextmanager
def run_server() -> Iterator[RunningServer]:
    import ray
    from ray import serve

    from deployments.app import build
    from deployments.config import AppArgs

    port = free_port()
    ray.init(
        num_cpus=6,
        num_gpus=1,
        include_dashboard=False,
        object_store_memory=100 * 1024 * 1024,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": port})
        args = AppArgs.model_validate(config_args())
        serve.run(build(args), name=APP, route_prefix="/")
        server = RunningServer(f"http://127.0.0.1:{port}", args.engines[0].num_slots)
        wait_until_ready(server.url)
        yield server
    finally:
        for shutdown in (serve.shutdown, ray.shutdown):
            cast(Callable[[], None], shutdown)()


def twin_args() -> dict[str, Any]:
    """Return `args` of an application with two replicas of the formant engine."""
    args = config_args()
    args["engines"][0]["replica"] |= {"cpus": 0.25, "autoscaling": {"min_replicas": 2, "max_replicas": 2}}
    return args


@contextmanager
def run_app(server: RunningServer, name: str, args: dict[str, Any], **options: Any) -> Iterator[str]:
    """Run one more application in the session's cluster, and yield its address. It goes while others come."""
    from ray import serve

    from deployments.app import build
    from deployments.config import AppArgs

    serve.run(build(AppArgs.model_validate(args)), name=name, route_prefix=f"/{name}", **options)
    try:
        yield f"{server.url}/{name}"
    finally:
        serve.delete(name, _blocking=False)


def wait_until_ready(url: str, within_s: float = 60.0) -> None:
    """Return once `/readyz` answers 200."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, f"{url} isn't ready after {within_s:g} s"
        time.sleep(0.2)


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
