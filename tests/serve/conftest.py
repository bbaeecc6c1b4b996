"""Applications that several files of tests speak with, each deployed when the first of them asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.neural import make_neural, neural
from tests.support.server import RunningServer, config_args, run_app, twin_args


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/serve/" in item.nodeid:
            item.add_marker(pytest.mark.serve)


@pytest.fixture
def idle_server(server: RunningServer) -> RunningServer:
    """The server with nobody listening, so that its figures belong to the test."""
    assert server.wait_until_free(within_s=20).num_open == 0
    return server


@pytest.fixture(scope="session")
def neural_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("neural")
    make_neural(folder)
    return folder


@pytest.fixture(scope="session")
def neural_url(server: RunningServer, neural_folder: Path) -> Iterator[str]:
    """Both engines behind one ingress."""
    args = config_args()
    args["engines"].append(neural(neural_folder))
    with run_app(server, "neural", args) as url:
        yield url


@pytest.fixture(scope="session")
def twins_url(server: RunningServer) -> Iterator[str]:
    """The formant engine twice."""
    with run_app(server, "twins", twin_args()) as url:
        yield url
