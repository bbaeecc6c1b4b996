"""The page as a studio: settings, history, voices, live text, load, keys, languages, themes."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, FilePayload, expect

from tests.e2e.studio_server import Source, run_studio
from tests.support.browser import SpeakingPage, blank_page
from tests.unit.http.voices.support import WAV
from tests.unit.keys.support import add_key
from tests.unit.voices.samples import encode, speech
from tts_core.sampling_params import SamplingParams

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

VOICE_FILE: FilePayload = {"name": "me.wav", "mimeType": "audio/wav", "buffer": WAV}
CONSENT = "This is my own voice, and I agree."
TEXT = "The last train leaves at seven. "
BRIEF = "Good evening. "
DONE = "polyvox.status === 'done'"
Studio = tuple[str, Source]


async def add_voice(speaking: SpeakingPage, name: str) -> None:
    page = speaking.page
    await page.click("#tab-voices")
    await page.set_input_files("#upload-file", VOICE_FILE)
    await page.fill("#upload-name", name)
    await page.fill("#upload-text", "The quick brown fox jumps over the lazy dog.")
    await page.select_option("#upload-language", "en")
    await page.fill("#upload-consent", CONSENT)
    await page.click("#upload-button")
    await expect(page.locator("#upload-status")).to_contain_text("added", ignore_case=True)


async def delete_voice(speaking: SpeakingPage, name: str) -> None:
    await speaking.page.click(f"button[aria-label='Delete {name}']")
    await speaking.page.click("#confirm-yes")
    await expect(speaking.page.locator("#voices-status")).to_have_text(f"{name} was deleted.")


async def asked(speaking: SpeakingPage) -> dict[str, Any]:
    """Speak what is there, and return the body that the server got."""
    async with speaking.page.expect_request("**/v1/audio/speech") as request:
        await speaking.page.click("#speak")
    await speaking.until(DONE)
    body: dict[str, Any] = (await request.value).post_data_json or {}
    return body


async def test_defaults_of_sampling_are_the_engines_own(speaking: SpeakingPage) -> None:
    defaults = SamplingParams()
    for name in ("top_k", "top_p", "temperature", "repetition_penalty"):
        assert float(await speaking.page.input_value(f"#{name}")) == getattr(defaults, name)


async def test_sampling_is_off_for_an_engine_that_draws_nothing_and_says_why(
    speaking: SpeakingPage,
) -> None:
    await speaking.page.click("#more summary")

    await expect(speaking.page.locator("#top_k")).to_be_disabled()
    assert "formant" in await speaking.text_of("#sampling-note")


async def test_a_voice_is_added_spoken_with_and_deleted(speaking: SpeakingPage, studio: Studio) -> None:
    page = speaking.page
    await add_voice(speaking, "river")
    await page.click("button[aria-label='Speak with river']")
    await page.click("#more summary")
    await page.fill("#top_k", "5")
    await page.fill("#temperature", "0.8")
    await page.fill("#seed", "7")
    await page.select_option("#text_format", "markdown")
    await page.fill("#text", BRIEF)
    body = await asked(speaking)
    await page.click("#tab-voices")
    await delete_voice(speaking, "river")
    names = await page.locator("#voices-list li").all_inner_texts()

    chosen = {"voice": "river", "model": "clones", "top_k": 5, "temperature": 0.8, "seed": 7}
    assert {**chosen, "text_format": "markdown"}.items() <= body.items()
    assert not {"top_p", "repetition_penalty", "low_latency", "emoji"} & body.keys()
    assert studio[1].requests[-1].sampling == SamplingParams(top_k=5, temperature=0.8)
    assert len(names) == 3
    assert speaking.problems == []


async def test_a_deletion_can_be_thought_better_of(speaking: SpeakingPage) -> None:
    await add_voice(speaking, "stays")
    await speaking.page.click("button[aria-label='Delete stays']")
    await speaking.page.keyboard.press("Escape")

    await expect(speaking.page.locator("button[aria-label='Delete stays']")).to_be_focused()
    await delete_voice(speaking, "stays")


async def test_a_preview_is_heard(speaking: SpeakingPage, studio: Studio) -> None:
    await speaking.page.click("#tab-voices")
    await speaking.page.click("button[aria-label='Preview German']")
    await expect(speaking.page.locator("button[data-icon=stop]")).to_have_count(1)
    await expect(speaking.page.locator("button[data-icon=stop]")).to_have_count(0)

    assert studio[1].requests[-1].voice == "de"
    assert speaking.problems == []


@pytest.mark.parametrize(("seconds", "code"), [(1.0, "too_short"), (12.0, "too_long")])
async def test_a_recording_of_the_wrong_length_is_refused_before_it_is_sent(
    speaking: SpeakingPage, seconds: float, code: str
) -> None:
    await speaking.page.click("#tab-voices")
    wav = encode(speech(16_000, seconds), 16_000)
    await speaking.page.set_input_files(
        "#upload-file", {"name": "me.wav", "mimeType": "audio/wav", "buffer": wav}
    )

    await expect(speaking.page.locator("#upload-code")).to_have_text(code)
    assert "3 to 10 seconds" in await speaking.text_of("#upload-status")


async def test_the_servers_refusal_of_an_upload_is_told_in_words(speaking: SpeakingPage) -> None:
    await add_voice(speaking, "twice")
    page = speaking.page
    other = encode(speech(16_000, 5.0), 16_000)
    await page.set_input_files("#upload-file", {"name": "o.wav", "mimeType": "audio/wav", "buffer": other})
    for name, value in (("name", "twice"), ("text", "Another sentence."), ("consent", CONSENT)):
        await page.fill(f"#upload-{name}", value)
    await page.click("#upload-button")

    await expect(page.locator("#upload-code")).to_have_text("voice_exists")
    assert "different one" in await speaking.text_of("#upload-status")
    await delete_voice(speaking, "twice")


async def test_what_is_missing_in_an_upload_is_named(speaking: SpeakingPage) -> None:
    await speaking.page.click("#tab-voices")
    await speaking.page.click("#upload-button")
    assert await speaking.text_of("#upload-code") == "no_recording"
    await speaking.page.set_input_files("#upload-file", VOICE_FILE)
    await expect(speaking.page.locator("#taken")).to_be_visible()
    await speaking.page.click("#upload-button")

    assert "Name is missing" in await speaking.text_of("#upload-status")
    await expect(speaking.page.locator("#upload-name")).to_be_focused()


async def test_a_voice_is_recorded_with_the_microphone(speaking: SpeakingPage) -> None:
    page = speaking.page
    await page.click("#tab-voices")
    await page.click("#record")
    await expect(page.locator("#meter")).to_be_visible()
    await expect(page.locator("#record-note")).to_contain_text("3 s", timeout=10_000)
    await page.wait_for_timeout(300)
    await page.click("#record")
    await expect(page.locator("#taken")).to_be_visible()
    length_s = float((await speaking.text_of("#taken-length")).split()[0])

    assert 2.9 < length_s < 6
    assert await speaking.text_of("#upload-code") == ""


async def test_a_microphone_that_is_refused_is_explained(speaking: SpeakingPage) -> None:
    await speaking.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error()); }"
    )
    await speaking.page.click("#tab-voices")
    await speaking.page.click("#record")

    await expect(speaking.page.locator("#upload-code")).to_have_text("no_microphone")
    assert await speaking.text_of("#record") == "Record"
    await expect(speaking.page.locator("#meter")).to_be_hidden()


async def test_a_file_can_be_dropped(speaking: SpeakingPage) -> None:
    await speaking.page.click("#tab-voices")
    await speaking.page.evaluate(
        """(base64) => {
            const dataTransfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
            dataTransfer.items.add(new File([bytes], "dropped.wav"));
            const event = new DragEvent("drop", { dataTransfer, bubbles: true });
            document.getElementById("drop").dispatchEvent(event);
        }""",
        base64.b64encode(WAV).decode(),
    )

    await expect(speaking.page.locator("#taken-name")).to_have_text("dropped.wav")
    assert await speaking.text_of("#taken-length") == "4.00 s"


async def test_history_replays_saves_and_forgets(speaking: SpeakingPage, studio: Studio) -> None:
    page = speaking.page
    for text in ("One two three.", "Four five six seven."):
        await page.fill("#text", text)
        await asked(speaking)
    num_requests = len(studio[1].requests)
    excerpts = await page.locator("#history .excerpt").all_inner_texts()
    await page.click("button[aria-label='Replay: One two three.']")
    await speaking.until("polyvox.status === 'replaying' && polyvox.receivedS < 0.7")
    await speaking.until(DONE)
    async with page.expect_download() as saving:
        await page.click("button[aria-label='Download: One two three.']")
    wav = await (await saving.value).path()
    await page.click("button[aria-label='Delete: One two three.']")

    assert excerpts == ["Four five six seven.", "One two three."]
    assert wav.stat().st_size == 44 + 3 * 4800 * 2
    assert await page.locator("#history li").count() == 1
    assert len(studio[1].requests) == num_requests


async def test_a_speech_that_another_tab_cuts_off_waits_in_the_history(speaking: SpeakingPage) -> None:
    page = speaking.page
    await page.fill("#text", TEXT * 10)
    await page.click("#speak")
    await speaking.until("polyvox.playedS > 0.1")
    await page.click("#tab-voices")
    await expect(page.locator("#history")).to_be_hidden()
    await page.click("#tab-speak")

    assert "incomplete" in await page.inner_text("#history li .note")


async def test_the_load_is_asked_for_only_while_it_is_seen(speaking: SpeakingPage) -> None:
    page = speaking.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/load" in request.url else None)
    await page.clock.install()
    await page.clock.run_for(2300)
    assert asked == []
    await page.fill("#text", TEXT * 20)
    await page.click("#speak")
    await speaking.until("polyvox.status === 'playing'")
    await page.click("#load summary")
    await expect(page.locator("#load-figures dd").nth(0)).to_have_text("1")
    figures = await page.locator("#load-figures dd").all_inner_texts()
    await page.click("#load summary")
    num_asked = len(asked)
    await page.clock.run_for(2300)
    await page.wait_for_timeout(100)

    assert figures[1:4] == ["", "1", "of 64 slots"]
    assert "clones is asleep" in (await page.text_content("#load-note") or "")
    assert len(asked) == num_asked == 1


async def test_numbers_out_of_their_range_never_leave_the_page(
    speaking: SpeakingPage, studio: Studio
) -> None:
    await add_voice(speaking, "bounds")
    await speaking.page.click("button[aria-label='Speak with bounds']")
    await speaking.page.click("#more summary")
    await speaking.page.fill("#top_p", "1.5")
    num_requests = len(studio[1].requests)
    await speaking.page.click("#speak")

    assert await speaking.text_of("#status") == "top_p must be from 0 to 1."
    await expect(speaking.page.locator("#top_p")).to_be_focused()
    assert len(studio[1].requests) == num_requests
    await speaking.page.click("#more-reset")
    assert await speaking.page.input_value("#top_p") == "1"
    await speaking.page.click("#tab-voices")
    await delete_voice(speaking, "bounds")


async def test_a_key_is_asked_for_and_forgotten_with_the_tab(browser: Browser, tmp_path: Path) -> None:
    token = add_key(tmp_path / "keys.yaml", "alice")
    async with run_studio(None, tmp_path / "keys.yaml") as (url, _):
        speaking = await blank_page(browser, locale="en-GB")
        page = speaking.page
        await page.goto(url)
        await expect(page.locator("#key-dialog")).to_be_visible()
        await expect(page.locator("#error-code")).to_have_text("missing_api_key")
        await page.fill("#key", token)
        await page.keyboard.press("Enter")
        await speaking.until("!document.getElementById('speak').disabled")
        await page.fill("#text", BRIEF)
        body = await asked(speaking)
        await page.click("#tab-live")
        await page.locator("#live-text").press_sequentially("Good evening. ")
        await speaking.until("polyvox.liveTurns[0]?.receivedMs > 0")
        kept = await page.evaluate("[Object.values(sessionStorage), Object.values(localStorage)]")
        await page.context.close()

    assert body["voice"] == "en-us"
    assert kept[0] == [token]
    assert not any(token in value for value in kept[1])


async def test_who_may_list_voices_without_a_key_is_asked_for_one_only_to_speak(
    browser: Browser, tmp_path: Path
) -> None:
    add_key(tmp_path / "keys.yaml", "alice")
    async with run_studio(None, tmp_path / "keys.yaml", public_voices=True) as (url, _):
        speaking = await blank_page(browser, locale="en-GB")
        await speaking.load(url)
        await speaking.page.wait_for_timeout(300)
        await expect(speaking.page.locator("#key-dialog")).to_be_hidden()
        await expect(speaking.page.locator("#load")).to_be_hidden()
        await speaking.page.click("#speak")

        await expect(speaking.page.locator("#key-dialog")).to_be_visible()
        await speaking.page.context.close()


async def test_a_server_that_clones_nothing_says_so(browser: Browser) -> None:
    async with run_studio(None) as (url, _):
        speaking = await blank_page(browser, locale="en-GB")
        await speaking.load(url)
        await speaking.page.click("#tab-voices")

        assert "clones voices" in await speaking.text_of("#add-closed")
        await expect(speaking.page.locator("#upload")).to_be_hidden()
        await speaking.page.context.close()
