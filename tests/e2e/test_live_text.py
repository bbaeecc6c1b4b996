"""Live text in the page: typed, heard, interrupted."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.support.browser import SpeakingPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SPEAKING = "polyvox.liveTurns.at(-1)?.spokenChars > 0"


@pytest_asyncio.fixture(loop_scope="session")
async def live(speaking: SpeakingPage) -> SpeakingPage:
    await speaking.page.click("#tab-live")
    return speaking


async def type_in(speaking: SpeakingPage, text: str) -> None:
    await speaking.page.locator("#live-text").press_sequentially(text)


async def turns(speaking: SpeakingPage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await speaking.page.evaluate("polyvox.liveTurns")
    return found


async def test_words_are_spoken_as_they_are_typed_and_shown_as_they_are_heard(live: SpeakingPage) -> None:
    await type_in(live, "Good evening. The last tra")
    await live.until(SPEAKING)
    assert await live.page.input_value("#live-text") == "tra"
    assert (await turns(live))[0]["text"] == "Good evening. The last "
    await type_in(live, "in leaves.")
    await live.page.keyboard.press("Enter")
    await live.until("document.querySelector('.unspoken').textContent.trim() === ''")
    (turn,) = await turns(live)

    assert turn["text"] == "Good evening. The last train leaves. "
    assert turn["receivedMs"] > 6 * 200
    await live.until("document.getElementById('stop').disabled")
    assert live.problems == []


async def test_stop_interrupts_and_what_is_typed_next_is_heard(live: SpeakingPage) -> None:
    long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen. "
    await type_in(live, long)
    await live.until(SPEAKING)
    await live.page.keyboard.press("Escape")
    (first,) = await turns(live)
    await type_in(live, "Something else. ")
    await live.until("polyvox.liveTurns.length === 2 && polyvox.liveTurns[1].spokenChars > 0")
    later = await turns(live)

    assert 0 < first["spokenChars"] < len(long)
    assert later[0]["playedMs"] == pytest.approx(first["playedMs"], abs=100)
    assert later[1]["text"] == "Something else. "
    assert "line-through" in await live.page.evaluate(
        "getComputedStyle(document.querySelector('#live-log p .unspoken')).textDecorationLine"
    )
    assert live.problems == []


async def test_leaving_the_tab_ends_the_connection(live: SpeakingPage) -> None:
    async with live.page.expect_websocket() as opening:
        await type_in(live, "Good evening to all of you who listen. ")
    socket = await opening.value
    await live.until(SPEAKING)
    async with socket.expect_event("close"):
        await live.page.click("#tab-speak")
