"""One Ray for the whole session, with a real server in it, and one browser."""

from __future__ import annotations

from tests.support.environment import prepare_environment

prepare_environment()  # before Ray is imported anywhere

from collections.abc import AsyncIterator, Iterator  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

import pytest  # noqa: E402
import pytest_asyncio  # noqa: E402

from tests.support.server import RunningServer, run_server  # noqa: E402

if TYPE_CHECKING:
    from playwright.async_api import Browser


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """The application of serve_config.yaml, on a free port, in a cluster with a logical GPU."""
    with run_server() as running:
        yield running


@pytest.fixture(scope="session")
def server_url(server: RunningServer) -> str:
    return server.url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """For tests that run in the session's event loop. Contexts keep them apart."""
    from tests.support.browser import run_browser

    async with run_browser() as running:
        yield running
