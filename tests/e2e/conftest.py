"""One browser and one studio for all tests that leave them as they found them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.browser import SpeakingPage, blank_page, run_browser
from tests.e2e.studio_server import Source, run_studio


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with run_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def studio() -> AsyncIterator[tuple[str, Source]]:
    """The address of a server that takes voices, and its engine."""
    with tempfile.TemporaryDirectory() as folder:
        async with run_studio(Path(folder)) as running:
            yield running


@pytest_asyncio.fixture(loop_scope="session")
async def speaking(browser: Browser, studio: tuple[str, Source]) -> AsyncIterator[SpeakingPage]:
    """A fresh page of the studio, in English."""
    page = await blank_page(browser, locale="en-GB")
    await page.load(studio[0])
    yield page
    await page.page.context.close()
