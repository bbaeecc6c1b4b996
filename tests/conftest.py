"""One Ray for the whole session, and a real server in it."""

from __future__ import annotations

import os

# Before Ray is imported anywhere: no token files, no telemetry.
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Without it, shutting down behind HAProxy takes 30 s.
os.environ.setdefault("RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S", "0.5")

from collections.abc import Iterator

import pytest

from tests.support.server import RunningServer, run_server


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """The application of serve_config.yaml, on a free port, in a cluster with a logical GPU."""
    with run_server() as running:
        yield running


@pytest.fixture(scope="session")
def server_url(server: RunningServer) -> str:
    return server.url
