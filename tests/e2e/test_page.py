"""The page over the server's own routes, engine and encoders; tests/serve/test_page.py has it over Ray."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.local_server import run_local
from tests.support.browser import SpeakingPage, Visits

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SENTENCE = "The last train leaves. "
PLAYING = "polyvox.status === 'playing'"
OVER = "['done', 'error'].includes(polyvox.status)"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def local() -> AsyncIterator[str]:
    async with run_local() as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def speaking(visits: Visits, local: str) -> AsyncIterator[SpeakingPage]:
    async with visits.page(local) as page:
        yield page


async def test_it_loads_without_complaint_and_lists_the_voices(speaking: SpeakingPage) -> None:
    await speaking.page.click("#voice")

    assert await speaking.page.locator("[role=option]").count() > 50
    assert await speaking.page.locator("#samples button").count() >= 5
    assert speaking.problems == []


@pytest.mark.parametrize("response_format", ["mp3", "aac"])
async def test_compressed_speech_streams_through_a_media_source(
    speaking: SpeakingPage, response_format: str
) -> None:
    mime = {"mp3": "audio/mpeg", "aac": "audio/aac"}[response_format]
    if not await speaking.page.evaluate("(mime) => MediaSource.isTypeSupported(mime)", mime):
        pytest.skip(f"this Chromium was built without {mime}")
    await speaking.speak(SENTENCE, response_format)
    await speaking.until(OVER)
    state = await speaking.state()

    assert (state["status"], state["transport"]) == ("done", "media-source")
    assert state["playedS"] == pytest.approx(state["receivedS"], abs=0.3)
    assert await speaking.loud_part() > 0.3


@pytest.mark.parametrize("response_format", ["wav", "pcm", "opus", "flac"])
async def test_other_formats_play_through_web_audio(speaking: SpeakingPage, response_format: str) -> None:
    await speaking.speak(SENTENCE, response_format)
    await speaking.until(OVER)
    state = await speaking.state()

    assert (state["status"], state["transport"]) == ("done", "web-audio")
    assert 0.8 < state["receivedS"] < 5
    assert state["playedS"] == pytest.approx(state["receivedS"], abs=0.1)
    assert await speaking.loud_part() > 0.3


async def test_a_sample_brings_its_voice_and_keys_speak_and_stop(speaking: SpeakingPage) -> None:
    await speaking.page.click("#samples button:text('Deutsch')")
    await speaking.page.press("#text", "Control+Enter")
    await speaking.until(PLAYING)
    await speaking.page.keyboard.press("Escape")

    assert (await speaking.state())["status"] == "stopped"
    assert await speaking.page.input_value("#voice") == "German"
    assert await speaking.page.is_enabled("#replay")


async def test_choices_reach_the_server_and_outlive_a_reload(speaking: SpeakingPage) -> None:
    await speaking.choose_voice("deutsch")
    await speaking.page.select_option("#timbre", "f3")
    await speaking.page.fill("#speed", "2")
    await speaking.page.fill("#pitch", "12")
    await speaking.page.reload()
    await speaking.until("!document.getElementById('speak').disabled")
    async with speaking.page.expect_request("**/v1/audio/speech") as asked:
        await speaking.speak("Guten Tag.")
    body = (await asked.value).post_data_json or {}
    await speaking.until(OVER)

    assert {"voice": "de+f3", "speed": 2, "pitch": 2}.items() <= body.items()
    assert (await speaking.state())["status"] == "done"


async def test_a_request_that_the_server_refuses_is_explained(speaking: SpeakingPage) -> None:
    await speaking.speak("word " * 5_000)
    await speaking.until(OVER)

    assert await speaking.text_of("#error-code") == "input_too_long"
    assert "Try again" not in await speaking.text_of(".status")


async def test_a_newcomer_need_only_press_speak(speaking: SpeakingPage) -> None:
    assert len(await speaking.page.input_value("#text")) > 20
    await speaking.page.click("#speak")
    await speaking.until(PLAYING)


async def test_empty_text_is_refused_in_words(speaking: SpeakingPage) -> None:
    await speaking.page.fill("#text", "")
    await speaking.page.click("#speak")

    assert "nothing to say" in await speaking.text_of("#status")
    assert await speaking.text_of("#error-code") == "empty_input"
    assert await speaking.page.evaluate("document.activeElement.id") == "text"


async def test_what_one_visit_leaves_is_unknown_to_the_next(visits: Visits, local: str) -> None:
    async with visits.page(local) as first:
        await first.page.click("#tongue")
        await first.page.evaluate("localStorage.left = sessionStorage.left = 'behind'")
    async with visits.page(local) as second:
        assert await second.page.evaluate("localStorage.left ?? sessionStorage.left ?? null") is None
        assert await second.page.get_attribute("html", "lang") == "en"
