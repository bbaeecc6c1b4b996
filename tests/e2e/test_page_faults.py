"""The page when things go wrong, or slowly, in ways that a healthy server doesn't show on demand."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest
import pytest_asyncio

from tests.e2e.page_server import SAMPLE_RATE_HZ, StandIn, syllables
from tests.e2e.serving import serving
from tests.support.browser import SpeakingPage, Visits

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TEXT = "About one second. "
BRIEF = "Shorter. "
# Notes when each piece of audio starts and ends on the clock of the audio device.
NOTE_STARTS = """() => {
    window.spans = [];
    const { start } = AudioBufferSourceNode.prototype;
    AudioBufferSourceNode.prototype.start = function (when) {
        window.spans.push([when, when + this.buffer.duration]);
        return start.call(this, when);
    };
}"""
OVER = "['done', 'error'].includes(polyvox.status)"


@dataclass(frozen=True)
class Stage:
    stand_in: StandIn
    speaking: SpeakingPage


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running() -> AsyncIterator[tuple[str, StandIn]]:
    stand_in = StandIn()
    async with serving(stand_in.app) as url:
        yield url, stand_in


@pytest_asyncio.fixture(loop_scope="session")
async def stage(visits: Visits, running: tuple[str, StandIn]) -> AsyncIterator[Stage]:
    url, stand_in = running
    stand_in.outcomes = {}
    async with visits.page(url) as speaking:
        yield Stage(stand_in, speaking)


async def test_pieces_are_played_without_a_seam(stage: Stage) -> None:
    speaking = stage.speaking
    await speaking.page.evaluate(NOTE_STARTS)
    await speaking.choose_voice("steady")
    await speaking.speak(TEXT)
    await speaking.until(OVER)
    state = await speaking.state()
    spans = np.array(await speaking.page.evaluate("window.spans")) * SAMPLE_RATE_HZ
    seams = np.abs(spans[1:, 0] - spans[:-1, 1]) > 1e-3

    assert len(spans) > 5
    assert np.count_nonzero(seams) == state["numGaps"]
    assert spans[:, 0] == pytest.approx(np.round(spans[:, 0]), abs=1e-3)
    assert state["status"] == "done"
    assert state["receivedS"] == pytest.approx(len(TEXT) * 0.06, abs=0.01)
    assert state["playedS"] == pytest.approx(state["receivedS"], abs=0.1)


async def test_the_waveform_is_the_audio_that_was_sent(stage: Stage) -> None:
    await stage.speaking.choose_voice("steady")
    await stage.speaking.speak(TEXT)
    await stage.speaking.until(OVER)
    seen = np.array(await stage.speaking.page.evaluate("polyvox.peaks"))
    sent = np.abs(syllables(len(TEXT) * 0.06) / 32768)
    whole = sent[: sent.size // 480 * 480].reshape(-1, round(0.02 * SAMPLE_RATE_HZ)).max(axis=1)

    assert np.allclose(seen[: whole.size], whole, atol=1e-4)


async def test_a_server_slower_than_speech_shows_gaps(stage: Stage) -> None:
    speaking = stage.speaking
    await speaking.choose_voice("slow")
    await speaking.speak(BRIEF)
    await speaking.until("polyvox.numGaps > 0")
    state = await speaking.state()

    assert state["lowestHeadroomS"] < 0.2
    await speaking.until(OVER)
    assert "gap" in await speaking.text_of("#gaps")


async def test_stop_reaches_the_server(stage: Stage) -> None:
    speaking = stage.speaking
    await speaking.choose_voice("steady")
    await speaking.speak(TEXT * 10)
    await speaking.until("polyvox.playedS > 0.2")
    await speaking.page.keyboard.press("Escape")
    await stage.stand_in.until({str(uuid.UUID(int=1)): "cancelled"})
    received = (await speaking.state())["numBytes"]
    await asyncio.sleep(0.2)

    assert (await speaking.state())["numBytes"] == received
    assert speaking.failed == [("v1/audio/speech", "net::ERR_ABORTED")]


async def test_speaking_again_stops_what_was_being_said(stage: Stage) -> None:
    speaking = stage.speaking
    await speaking.choose_voice("steady")
    await speaking.speak(TEXT * 10)
    await speaking.until("polyvox.playedS > 0.2")
    await speaking.speak(BRIEF)
    await speaking.until(OVER)

    assert list(stage.stand_in.outcomes.values()) == ["cancelled", "complete"]
    assert (await speaking.state())["requestId"] == list(stage.stand_in.outcomes)[1]


async def test_a_full_server_counts_down_to_the_next_try(stage: Stage) -> None:
    speaking, clock = stage.speaking, stage.speaking.page.clock
    await clock.install(time=0)
    await clock.pause_at(1000)
    await speaking.choose_voice("busy")
    await speaking.speak(BRIEF)
    await speaking.until(OVER)

    assert await speaking.text_of("#error-code") == "overloaded"
    assert "busy" in await speaking.text_of("#status")
    for seconds_left in (2, 1):
        assert await speaking.text_of("#retry") == f"Try again in {seconds_left} s"
        assert await speaking.page.is_disabled("#retry")
        await clock.run_for(1000)
    assert await speaking.page.is_enabled("#retry")
    await clock.resume()
    await speaking.choose_voice("steady")
    await speaking.page.click("#retry")
    await speaking.until("polyvox.status === 'done'")


async def test_a_refusal_is_shown_in_the_servers_words(stage: Stage) -> None:
    await stage.speaking.choose_voice("refuses")
    await stage.speaking.speak(TEXT)
    await stage.speaking.until(OVER)

    assert await stage.speaking.text_of("#status") == "There is no voice named refuses."
    assert await stage.speaking.text_of("#error-code") == "unknown_voice"
    assert await stage.speaking.page.is_hidden("#retry")


@pytest.mark.parametrize("response_format", ["wav", "mp3", "opus"])
async def test_a_stream_that_breaks_off_never_looks_whole(stage: Stage, response_format: str) -> None:
    speaking = stage.speaking
    await speaking.choose_voice("breaks-off")
    await speaking.speak(TEXT, response_format)
    await speaking.until(OVER)

    assert (await speaking.state())["status"] == "error"
    assert await speaking.text_of("#error-code") == "stream_interrupted"
    assert await speaking.page.is_visible("#retry")


async def test_replay_and_download_give_what_was_heard(stage: Stage) -> None:
    speaking = stage.speaking
    await speaking.choose_voice("steady")
    await speaking.speak(TEXT)
    await speaking.until(OVER)
    async with speaking.page.expect_download() as saving:
        await speaking.page.click("#download")
    download = await saving.value
    wav = (await download.path()).read_bytes()
    await speaking.page.click("#replay")
    await speaking.until("polyvox.status === 'replaying' && polyvox.playedS > 0.2")
    await speaking.until("polyvox.status === 'done'")

    assert download.suggested_filename == "polyvox-steady.wav"
    assert wav[44:] == syllables(len(TEXT) * 0.06).tobytes()
    assert int.from_bytes(wav[40:44], "little") == len(wav) - 44
    assert len(stage.stand_in.outcomes) == 1


async def test_a_server_that_is_gone_is_named_as_that(stage: Stage) -> None:
    await stage.speaking.page.route("**/v1/audio/speech", lambda route: route.abort("connectionrefused"))
    await stage.speaking.choose_voice("steady")
    await stage.speaking.speak(TEXT)
    await stage.speaking.until(OVER)

    assert await stage.speaking.text_of("#error-code") == "no_connection"


@pytest.mark.parametrize("width", [1280, 390])
async def test_nothing_moves_while_the_page_speaks(stage: Stage, width: int) -> None:
    speaking = stage.speaking
    await speaking.page.set_viewport_size({"width": width, "height": 800})
    # Speeches join the history, below all else but the load.
    grows = "#samples, #voice-list, .status, #history, #load"
    tops = f"[...document.querySelectorAll('main *')].filter((e) => !e.closest('{grows}'))"
    top = "e.getClientRects().length && Math.round(e.getBoundingClientRect().top + scrollY)"
    measure = f"{tops}.map((e) => {top})"
    await speaking.page.fill("#text", TEXT)
    before = await speaking.page.evaluate(measure)
    await speaking.choose_voice("steady")
    await speaking.page.click("#speak")
    await speaking.until("polyvox.playedS > 0.3")
    during = await speaking.page.evaluate(measure)
    await speaking.until(OVER)

    assert before == during == await speaking.page.evaluate(measure)
