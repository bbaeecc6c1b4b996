"""The page at `/` of a real server, on real audio, in a real browser."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest

from tests.e2e.browser import SpeakingPage, open_page

pytestmark = [pytest.mark.browser, pytest.mark.serve]

SENTENCE = "The last train leaves at seven minutes past ten. "
# Long enough to still be under way when the first sound is heard.
LONG_TEXT = SENTENCE * 60
PLAYING = "polyvox.status === 'playing'"
OVER = "['done', 'error'].includes(polyvox.status)"


@pytest.fixture
async def speaking(server_url: str) -> AsyncIterator[SpeakingPage]:
    async with open_page(server_url) as page:
        yield page


async def loud_part(speaking: SpeakingPage) -> float:
    """Return the part of the waveform that isn't silence."""
    part: float = await speaking.page.evaluate(
        "polyvox.peaks.filter((peak) => peak > 0.05).length / polyvox.peaks.length"
    )
    return part


async def test_it_loads_without_complaint_and_lists_the_voices(speaking: SpeakingPage) -> None:
    await speaking.page.click("#voice")

    assert await speaking.page.locator("[role=option]").count() > 50
    assert await speaking.page.locator("#samples button").count() >= 5
    assert speaking.problems == []


async def test_speech_is_heard_before_the_response_is_complete(speaking: SpeakingPage) -> None:
    await speaking.speak(LONG_TEXT)
    await speaking.until(PLAYING)
    await speaking.until("polyvox.heardMs !== null")
    state = await speaking.state()

    assert 0 < state["ttfaMs"] <= state["heardMs"] < (state["responseEndMs"] or math.inf)
    assert state["headroomS"] > 0
    assert state["transport"] == "web-audio"
    assert state["requestId"]
    assert await loud_part(speaking) > 0.3
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
    assert await loud_part(speaking) > 0.3


@pytest.mark.parametrize("response_format", ["wav", "pcm", "opus", "flac"])
async def test_other_formats_play_through_web_audio(speaking: SpeakingPage, response_format: str) -> None:
    await speaking.speak(SENTENCE, response_format)
    await speaking.until(OVER)
    state = await speaking.state()

    assert (state["status"], state["transport"]) == ("done", "web-audio")
    assert 1.5 < state["receivedS"] < 10
    assert state["playedS"] == pytest.approx(state["receivedS"], abs=0.1)
    assert await loud_part(speaking) > 0.3


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
