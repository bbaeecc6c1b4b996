"""Servers and pages for all tests that leave them as they found them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.studio_server import Source, run_studio
from tests.support.browser import SpeakingPage, Visits


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def visits(browser: Browser) -> AsyncIterator[Visits]:
    context = await browser.new_context(locale="en-GB")
    yield Visits(context)
    await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def studio() -> AsyncIterator[tuple[str, Source]]:
    """The address of a server that takes voices, and its engine."""
    with tempfile.TemporaryDirectory() as folder:
        async with run_studio(Path(folder)) as running:
            yield running


@pytest_asyncio.fixture(loop_scope="session")
async def speaking(visits: Visits, studio: tuple[str, Source]) -> AsyncIterator[SpeakingPage]:
    """A fresh page of the studio, in English."""
    async with visits.page(studio[0]) as page:
        yield page
