"""Voices that come and go while two replicas speak with them, through real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest

from benchmarks.make_checkpoint import make_checkpoint
from tests.support.decoding import decode
from tests.support.listeners import (
    LONG_TEXT,
    SPEAK,
    Heard,
    RawListener,
    body,
    listen,
    listen_together,
)
from tests.support.server import RunningServer, config_args, run_app
from tests.unit.cli.running import polyvox
from tests.unit.http.voices.support import files_in
from tests.unit.voices.samples import encode
from tts_core.voices import VoiceStore

VOICES = "/v1/audio/voices"
SAYS = "This sentence takes about four seconds to say, and it is read slowly."
CONSENT = "I am a synthesiser, and agree to be cloned."
NUM_SLOTS = 4
SPEECH: dict[str, Any] = {
    "text": "A short sentence, spoken by somebody who was recorded once.",
    "model": "mine",
    "seed": 3,
    "ignore_eos": True,
    "max_tokens": 40,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voices")
    make_checkpoint("v2", folder / "weights", tiny=True)
    for name, timbre in (("ann", "en-us+f2"), ("bob", "en-us+m3")):
        recording = str(folder / f"{name}.wav")
        assert polyvox("say", SAYS, "--local", "--voice", timbre, "-o", recording).exit_code == 0
    return folder


@pytest.fixture(scope="module")
def url(server: RunningServer, folder: Path) -> Iterator[str]:
    """A further application in the session's cluster: two replicas with one store between them."""
    args = config_args()
    neural = {
        "kind": "gpt_sovits",
        "name": "shared",
        "models": {"mine": {"version": "v2", "weights": str(folder / "weights")}},
        "voices": str(folder / "store"),
        "prompt_cache": str(folder / "prompts"),
        "num_slots": NUM_SLOTS,
        "replica": {
            "device": "cpu",
            "cpus": 0.25,
            "graceful_shutdown_timeout_s": 1.0,
            "autoscaling": {"min_replicas": 2, "max_replicas": 2},
        },
    }
    args["engines"] = [neural]
    args["ingress"] = {"cpus": 0.1, "waiting": {"max_wait_s": 30.0}}
    with run_app(server, "voices", args) as url:
        yield url


def add(url: str, folder: Path, recording: str, name: str = "ann") -> dict[str, Any]:
    form = {"name": name, "text": SAYS, "language": "en", "consent": CONSENT}
    files = {"audio_sample": (f"{recording}.wav", (folder / f"{recording}.wav").read_bytes())}
    answer = httpx.post(url + VOICES, data=form, files=files, timeout=60)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def listed(url: str) -> set[str]:
    return {voice["id"] for voice in httpx.get(url + VOICES).json()["voices"]}


async def on_both_replicas(url: str, **changes: Any) -> list[Heard]:
    """Ask for as much at once as one replica can't take."""
    return await listen_together(url, [{**SPEECH, **changes} for _ in range(NUM_SLOTS + 2)])


async def test_a_voice_is_there_for_all_replicas_from_the_answer_on_until_it_is_deleted(
    url: str, folder: Path
) -> None:
    assert {heard.status for heard in await on_both_replicas(url, voice="ann")} == {404}
    told = await asyncio.to_thread(add, url, folder, "ann")
    heard = await on_both_replicas(url, voice="ann")
    assert {one.status for one in heard} == {200}
    assert len({one.data for one in heard}) == 1
    assert "ann" in await asyncio.to_thread(listed, url)
    inspected = await asyncio.to_thread(httpx.get, f"{url}{VOICES}/ann", timeout=30)
    assert inspected.json() == told

    # Long enough to be heard still when the voice is gone.
    long = {**SPEECH, "text": " ".join([SPEECH["text"]] * 6), "voice": "ann"}
    alone = await listen(url, **long)
    listening = asyncio.create_task(listen(url, **long))
    await asyncio.sleep(0.5)
    deleted = await asyncio.to_thread(httpx.delete, f"{url}{VOICES}/ann", timeout=30)
    assert deleted.status_code == 200
    assert {one.status for one in await on_both_replicas(url, voice="ann")} == {404}
    to_its_end = await listening
    assert (to_its_end.status, to_its_end.data) == (200, alone.data)
    assert "ann" not in await asyncio.to_thread(listed, url)
    assert files_in(folder / "store") == []

    # The name may be another voice's now: no replica mistakes it for the one before.
    other = await asyncio.to_thread(add, url, folder, "bob", "ann")
    assert other["content_id"] != told["content_id"]
    again = await on_both_replicas(url, voice="ann")
    assert len({one.data for one in again}) == 1
    assert again[0].data != heard[0].data


async def test_an_uploaded_voice_sounds_as_one_that_was_added_with_the_command_line(
    url: str, folder: Path
) -> None:
    store = str(folder / "store")
    added = polyvox(
        "voices",
        "add",
        str(folder / "ann.wav"),
        "--text",
        SAYS,
        "--lang",
        "en",
        "--store",
        store,
        "--name",
        "cli",
    )
    assert added.exit_code == 0, added.stderr
    await asyncio.to_thread(add, url, folder, "ann", "http")
    from_file = await listen(url, **SPEECH, voice="cli")
    assert from_file.status == 200
    assert (await listen(url, **SPEECH, voice="http")).data == from_file.data
    assert VoiceStore(store).get("http").consent is not None


def test_openais_client_clones_listens_and_deletes(url: str, folder: Path) -> None:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
    sample = ("bob.wav", (folder / "bob.wav").read_bytes())
    voice = client.audio.voices.create(
        name="bob", audio_sample=sample, consent=CONSENT, extra_body={"text": SAYS, "language": "en"}
    )
    speech = client.audio.speech.create(model="mine", voice={"id": voice.id}, input="Hello.")
    assert len(speech.content) > 500
    assert client.audio.voices.delete(voice.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.audio.speech.create(model="mine", voice=voice.id, input="Hello.")


def test_a_preview_is_heard_and_the_recording_isnt(url: str, folder: Path) -> None:
    add(url, folder, "bob", "heard")
    answer = httpx.get(f"{url}{VOICES}/heard/preview?response_format=wav", timeout=60)
    samples, _ = decode(answer.content)
    assert np.abs(samples).max() > 0.001
    assert (folder / "bob.wav").read_bytes() != answer.content


async def test_a_bomb_among_the_uploads_disturbs_nobody(url: str, folder: Path) -> None:
    bomb = encode(np.zeros(3600 * 8000, np.float32), 8000, "FLAC")
    form = {"name": "bomb", "text": SAYS, "language": "en", "consent": CONSENT}
    async with httpx.AsyncClient(timeout=60) as client:
        uploads = [client.post(url + VOICES, data=form, files={"audio_sample": bomb}) for _ in range(3)]
        exploding = asyncio.gather(*uploads)
        pings = [(await client.get(f"{url}/ping")).status_code for _ in range(20)]
        answers = await exploding
    assert set(pings) == {200}
    assert {(one.status_code, one.json()["error"]["code"]) for one in answers} == {(400, "invalid_voice")}


def test_where_no_model_clones_there_is_no_store(server: RunningServer) -> None:
    form = {"name": "me", "text": SAYS, "consent": CONSENT}
    answer = httpx.post(server.url + VOICES, data=form, files={"audio_sample": b"x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_voice_store")
    speak = httpx.post(server.url + SPEAK, json=body("Hello.", voice="v-0123456789abcdef"))
    assert speak.status_code == 404


def test_no_header_keeps_a_slot_for_somebody_who_left(idle_server: RunningServer) -> None:
    headers = {"x-request-disconnect-disabled": "?1"}
    listener = RawListener(idle_server.url, LONG_TEXT, headers=headers, speed=0.25)
    listener.read(500)
    assert idle_server.stats().num_open == 1
    listener.hang_up()
    assert idle_server.wait_until_free(within_s=5).num_open == 0
