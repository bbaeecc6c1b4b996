"""First audio in a browser: from the press of the button to the first audible sample at the speaker.

    python -m benchmarks.page.first_audio http://127.0.0.1:8000

The page measures it: `heardMs` counts from the click, on the clock of the audio device. Chromium is the
system's, headless, with its own audio output. The first speech of a visit is told apart: it opens the audio
device.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import Annotated, Any

import typer
from playwright.async_api import Page, async_playwright

from benchmarks.load.summary import percentile

TEXT = "The last train leaves at seven minutes past ten."
ARGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
ASK_AGAIN_S = 0.02


async def measure(url: str, audio_format: str, num_speeches: int) -> list[dict[str, Any]]:
    """Return the page's figures of each speech, the first one of a fresh visit first."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
        try:
            page = await browser.new_page(locale="en-GB")
            await page.goto(url)
            await _until(page, "!document.getElementById('speak').disabled")
            await page.select_option("#format", audio_format)
            return [await _speech(page, index) for index in range(num_speeches)]
        finally:
            await browser.close()


async def _speech(page: Page, index: int) -> dict[str, Any]:
    # Never the same text twice: nothing on the way may have kept it.
    await page.fill("#text", f"{TEXT} {index}")
    await page.click("#speak")
    await _until(page, "polyvox.status === 'playing' && polyvox.heardMs !== null")
    await _until(page, "polyvox.status === 'done'")
    figures: dict[str, Any] = await page.evaluate("polyvox.snapshot()")
    return figures


async def _until(page: Page, condition: str) -> None:
    while not await page.evaluate(condition):  # noqa: ASYNC110
        await asyncio.sleep(ASK_AGAIN_S)  # the page's policy forbids Playwright's own way to wait


def summary(values: list[float]) -> dict[str, float]:
    """Return the first, and what is usual and high among the others, in milliseconds."""
    later = values[1:] or values
    return {
        "first": round(values[0]),
        "p50": round(percentile(later, 0.5)),
        "p95": round(percentile(later, 0.95)),
    }


def main(
    url: str,
    audio_format: Annotated[str, typer.Option(help="As the page offers them.")] = "wav",
    num_speeches: Annotated[int, typer.Option(min=2)] = 21,
) -> None:
    """Speak again and again, and print what was measured as JSON."""
    seen = asyncio.run(measure(url, audio_format, num_speeches))
    names = {"heard_ms": "heardMs", "received_ms": "ttfaMs"}
    figures = {name: summary([one[key] for one in seen]) for name, key in names.items()}
    print(json.dumps({"format": audio_format, "num_speeches": num_speeches, **figures}))


if __name__ == "__main__":
    typer.run(main)
