"""The page at `/` in a headless Chromium, as a test drives it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

VARIABLE = "POLYVOX_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    # A microphone that beeps, and nobody to ask about it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


def chromium_path() -> str:
    """Return the browser to drive; skip the calling test, saying why, where there is none."""
    found = os.environ.get(VARIABLE) or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None or not os.path.exists(found):
        pytest.skip(f"needs a Chromium: none of {', '.join(NAMES)} on PATH, and {VARIABLE} names none")
    return found


@dataclass
class SpeakingPage:
    """A loaded page.

    Attributes:
        problems: console errors, uncaught exceptions and policy violations so far.
        failed: (path, reason) of requests that came to no end.
    """

    page: Page
    problems: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on(
            "requestfailed", lambda r: self.failed.append((r.url.split("/", 3)[-1], str(r.failure or "")))
        )

    async def load(self, url: str) -> None:
        """Go to `url`, and wait until its voices are listed."""
        await self.page.goto(url)
        await self.until("!document.getElementById('speak').disabled")

    async def state(self) -> dict[str, Any]:
        """Return all figures of `window.polyvox` at one moment."""
        figures: dict[str, Any] = await self.page.evaluate("polyvox.snapshot()")
        return figures

    async def until(self, condition: str, within_s: float = 30.0) -> None:
        """Wait until a JavaScript condition holds, asking from here: the page forbids eval within."""
        deadline = asyncio.get_running_loop().time() + within_s
        while not await self.page.evaluate(condition):
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"{condition} still false after {within_s:g} s: {await self.state()}")
            await asyncio.sleep(0.02)

    async def choose_voice(self, query: str) -> None:
        """Pick the first match of the search, by keyboard."""
        await self.page.fill("#voice", query)
        await self.page.press("#voice", "Enter")

    async def speak(self, text: str, response_format: str = "wav") -> None:
        await self.page.fill("#text", text)
        await self.page.select_option("#format", response_format)
        await self.page.click("#speak")

    async def loud_part(self) -> float:
        """Return the part of the waveform that isn't silence."""
        part: float = await self.page.evaluate(
            "polyvox.peaks.filter((peak) => peak > 0.05).length / polyvox.peaks.length"
        )
        return part

    async def text_of(self, selector: str) -> str:
        return await self.page.inner_text(selector)


@asynccontextmanager
async def run_browser() -> AsyncIterator[Browser]:
    """Yield a browser for any number of pages."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        try:
            yield browser
        finally:
            await browser.close()


async def blank_page(browser: Browser, **context_options: Any) -> SpeakingPage:
    """Return a page that shares nothing with others: storage, permissions, language."""
    speaking = SpeakingPage(await (await browser.new_context(**context_options)).new_page())
    speaking.watch()
    return speaking


class Visits:
    """Pages of one English-speaking browser, one after the other.

    They share nothing but its cache of files, with which a page loads in a third of the time.
    """

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._keepers: dict[str, Page] = {}

    @asynccontextmanager
    async def page(self, url: str) -> AsyncIterator[SpeakingPage]:
        """Yield the page at `url`, loaded and with its voices listed, as for somebody new."""
        await (await self._keeper(url)).evaluate("localStorage.clear()")
        speaking = SpeakingPage(await self._context.new_page())
        try:
            speaking.watch()
            await speaking.load(url)
            yield speaking
        finally:
            await speaking.page.close()

    async def _keeper(self, url: str) -> Page:
        """Return what reaches the storage of a server's pages. Open, it keeps their process alive, too."""
        if url not in self._keepers:
            self._keepers[url] = await self._context.new_page()
            await self._keepers[url].goto(f"{url}/page/icon.svg")
        return self._keepers[url]
