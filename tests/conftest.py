"""One Ray for the whole session, and a real server in it."""

from __future__ import annotations

from tests.support.environment import prepare_environment

prepare_environment()  # before Ray is imported anywhere

from collections.abc import Iterator  # noqa: E402

import pytest  # noqa: E402

from tests.support.server import RunningServer, run_server  # noqa: E402


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """The application of serve_config.yaml, on a free port, in a cluster with a logical GPU."""
    with run_server() as running:
        yield running


@pytest.fixture(scope="session")
def server_url(server: RunningServer) -> str:
    return server.url
