"""The environment of a server that is tested or harmed: apart from every other one on this machine."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

from polyvox.commands.serve import DEFAULTS
from polyvox.ports import is_free

_NUM_PORTS = 20


def server_environment(folder: Path, *, haproxy: bool) -> dict[str, str]:
    """Return the variables for a server of our own, whose files lie in `folder`."""
    (folder / "ray").mkdir()  # Ray's cluster_utils write there without making it
    return {
        **os.environ,
        "RAY_TMPDIR": str(folder),
        "RAY_DEDUP_LOGS": "0",
        **serve_settings(str(folder), haproxy=haproxy),
    }


def serve_settings(folder: str, *, haproxy: bool) -> dict[str, str]:
    """Return what Ray Serve has to be told wherever it isn't alone: it is quiet, and keeps to `folder`."""
    switch = "1" if haproxy else "0"
    first = _free_ports()
    return {
        "RAY_AUTH_MODE": "disabled",
        **DEFAULTS,
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": switch,
        "RAY_SERVE_ENABLE_HA_PROXY": switch,
        # Without it, shutting down behind HAProxy takes 30 s.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0.5",
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": f"{folder}/haproxy.cfg",
        "RAY_SERVE_HAPROXY_SOCKET_PATH": f"{folder}/admin.sock",
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": folder,
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": f"{folder}/server-state",
        # Ingresses share a port with whoever asks for the same one, and their requests.
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(first),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(first + _NUM_PORTS - 1),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(free_port()),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(free_port()),
    }


def _free_ports() -> int:
    """Return the first of several ports that nobody listens on, above Ray's and below the system's."""
    while True:
        first = random.randrange(20_000, 32_000, _NUM_PORTS)
        if all(is_free("127.0.0.1", port) for port in range(first, first + _NUM_PORTS)):
            return first


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
