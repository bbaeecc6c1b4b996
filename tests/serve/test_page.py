"""The page at `/` of a server in Ray: what its streaming, and a cancellation through its proxy, decide."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser import SpeakingPage, blank_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Long enough to still be under way when the first sound is heard.
LONG_TEXT = "The last train leaves at seven minutes past ten. " * 60
PLAYING = "polyvox.status === 'playing'"


@pytest_asyncio.fixture(loop_scope="session")
async def speaking(browser: Browser, server_url: str) -> AsyncIterator[SpeakingPage]:
    page = await blank_page(browser)
    await page.load(server_url)
    yield page
    await page.page.context.close()


async def test_speech_is_heard_before_the_response_is_complete(speaking: SpeakingPage) -> None:
    await speaking.speak(LONG_TEXT)
    await speaking.until(PLAYING)
    await speaking.until("polyvox.heardMs !== null")
    state = await speaking.state()

    assert 0 < state["ttfaMs"] <= state["heardMs"] < (state["responseEndMs"] or math.inf)
    assert state["headroomS"] > 0
    assert state["transport"] == "web-audio"
    assert state["requestId"]
    assert await speaking.loud_part() > 0.3
    assert (await speaking.text_of("#ttfa")).endswith(" ms")


async def test_stop_cancels_the_request_and_the_playback(speaking: SpeakingPage) -> None:
    await speaking.page.fill("#text", LONG_TEXT)
    # Within the page, so that the click comes while the response is still under way.
    await speaking.page.evaluate(
        """() => new Promise((resolve) => {
            const press = () => {
                if (polyvox.status === "playing") return resolve(document.getElementById("stop").click());
                setTimeout(press, 0);
            };
            document.getElementById("speak").click();
            press();
        })"""
    )
    stopped = await speaking.state()
    await speaking.page.wait_for_timeout(400)
    later = await speaking.state()

    assert ("v1/audio/speech", "net::ERR_ABORTED") in speaking.failed
    assert later["status"] == "stopped"
    assert (later["playedS"], later["numBytes"]) == pytest.approx((stopped["playedS"], stopped["numBytes"]))
    assert speaking.problems == []
