"""A server to be harmed, started for it, and its processes: nothing else is ever killed."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.chaos.environment import free_port, server_environment
from benchmarks.chaos.serving import APP

_START_S = 180.0
_END_S = 20.0


@dataclass(frozen=True)
class Server:
    """Where it answers, and the process above all of its own.

    Attributes:
        folder: its own, gone when it is.
        ingress_ports: on which its ingresses listen.
    """

    url: str
    process: subprocess.Popen[str]
    folder: Path
    ingress_ports: range

    def processes(self, title: str) -> list[psutil.Process]:
        """Return its processes whose command line contains `title`, the oldest first."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if title in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                    found.append((child.create_time(), child))
        return [child for _, child in sorted(found, key=lambda one: one[0])]

    def engines(self) -> list[psutil.Process]:
        """Return the processes of the engines' replicas."""
        return self.processes(f"ServeReplica:{APP}:TTSServer")

    def nodes(self) -> list[psutil.Process]:
        """Return the raylets of the nodes, the head's first."""
        return [one for one in self.processes("/raylet ") if "--node_id" in " ".join(one.cmdline())]

    def ingress_url(self) -> str:
        """Return where an ingress replica itself answers; the proxy's address where it doesn't."""
        for ingress in self.processes(f"ServeReplica:{APP}:Ingress"):
            for one in ingress.net_connections("tcp"):
                if one.status == psutil.CONN_LISTEN and one.laddr.port in self.ingress_ports:
                    return f"http://127.0.0.1:{one.laddr.port}"
        return self.url

    def num_moves(self) -> int:
        """Return how often a stream has gone on with another replica, by the ingress's log."""
        logs = (self.folder / "ray").glob("session_2*/logs/serve/*Ingress*.log")
        return sum(path.read_text("utf-8", "replace").count("goes on elsewhere") for path in logs)

    def has_said_so(self) -> bool:
        """Return whether its process has said that all is deployed, on every node."""
        assert self.process.stdout is not None
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def deploy(self, args: Mapping[str, Any]) -> None:
        """Have it run with other arguments, as a new configuration does. Returns before that has happened."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(args) + "\n")
        self.process.stdin.flush()

    def is_ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        return False


@contextmanager
def run_server(
    args: Mapping[str, Any],
    *,
    nodes: int = 0,
    cpus: int = 8,
    haproxy: bool = True,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run the application with these arguments, in a Ray of its own.

    Args:
        args: as under `args` in serve_config.yaml.
        nodes: beside the head, for the engines; 0 puts all on one node.
        cpus: that Ray is told of, where there is one node.
        haproxy: in front of the ingress, as in production; otherwise Serve's own proxy.
        environment: variables on top of the usual ones.

    Raises:
        RuntimeError: it doesn't come up.
    """
    folder = Path(tempfile.mkdtemp(prefix="pvx-"))
    spec = {"args": args, "nodes": nodes, "cpus": cpus, "port": free_port()}
    path = folder / "spec.json"
    path.write_text(json.dumps(spec), "utf-8")
    variables = {**server_environment(folder, haproxy=haproxy), **(environment or {})}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.chaos.serving", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / "stderr").open("w"),
        env=variables,
        text=True,
    )
    first, last = (int(variables[f"RAY_SERVE_DIRECT_INGRESS_{end}_HTTP_PORT"]) for end in ("MIN", "MAX"))
    server = Server(f"http://127.0.0.1:{spec['port']}", process, folder, range(first, last + 1))
    try:
        _wait_until_ready(server)
        yield server
    finally:
        _end(process)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + _START_S
    while not server.has_said_so() or not server.is_ready():
        if server.process.poll() is not None or time.monotonic() > deadline:
            told = (server.folder / "stderr").read_text("utf-8", "replace")[-2000:]
            raise RuntimeError(f"the server didn't come up: {told}")
        time.sleep(0.3)


def _end(process: subprocess.Popen[str]) -> None:
    """End it, and whatever of it is left; those that were stopped, too."""
    everyone = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    if process.stdin is not None:
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    if process.poll() is None:
        everyone = psutil.Process(process.pid).children(recursive=True) + everyone
        process.kill()
        process.wait()
    for one in everyone:
        with suppress(psutil.Error):
            one.kill()
