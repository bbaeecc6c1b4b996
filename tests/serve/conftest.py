from __future__ import annotations

import pytest

from tests.support.server import RunningServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/serve/" in item.nodeid:
            item.add_marker(pytest.mark.serve)


@pytest.fixture
def idle_server(server: RunningServer) -> RunningServer:
    """The server with nobody listening, so that its figures belong to the test."""
    assert server.wait_until_free(within_s=20).num_open == 0
    return server
