"""Voices over HTTP, from the upload to the deletion."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import os
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from deployments.http.voices.decoding import MAX_WAITING, Decoder
from deployments.http.voices.desk import SETTLE_S
from tests.unit.http.voices.support import (
    FORM,
    OTHER_WAV,
    VOICES,
    WAV,
    code_of,
    connect,
    damage,
    files_in,
    upload,
)
from tests.unit.voices.samples import TEXT, encode, speech
from tts_core.audio.decoder import decode
from tts_core.voices import VoiceStore

CONSENT = FORM["consent"]


async def test_an_upload_is_kept_told_of_and_forgotten(client: httpx.AsyncClient, folder: Path) -> None:
    added = await upload(client)
    told = added.json()
    assert added.status_code == 200, added.text
    assert (told["object"], told["id"], told["name"], told["language"], told["text"]) == (
        "audio.voice",
        "me",
        "me",
        "en",
        TEXT,
    )
    assert told["recording"]["duration_s"] == pytest.approx(4.0, abs=0.01)
    assert told["recording"]["rate_hz"] == 16_000

    kept = VoiceStore(folder).get("me")
    assert kept.consent is not None
    assert (kept.consent.text, kept.consent.added_by) == (CONSENT, "")
    assert told["consent_recorded_at"] == kept.consent.recorded_at
    for name in ("me", kept.id):
        assert (await client.get(f"{VOICES}/{name}")).json() == told

    gone = await client.delete(f"{VOICES}/me")
    assert gone.json() == {
        "object": "audio.voice.deleted",
        "id": "me",
        "content_id": kept.id,
        "deleted": True,
    }
    assert files_in(folder) == []
    assert code_of(await client.delete(f"{VOICES}/me")) == (404, "unknown_voice")
    assert code_of(await client.get(f"{VOICES}/me")) == (404, "unknown_voice")


async def test_a_model_hears_of_the_kept_file_what_it_would_have_heard_of_the_upload(
    client: httpx.AsyncClient, folder: Path
) -> None:
    channels = speech(44_100).reshape(-1, 1) * np.array([0.5, 0.25], np.float32)
    stereo = encode(channels, 44_100, "FLAC", "PCM_24")
    assert (await upload(client, stereo)).status_code == 200
    store = VoiceStore(folder)
    kept, original = decode(store.read_recording(store.get("me"))), decode(stereo)
    assert kept.rate_hz == original.rate_hz
    assert kept.samples.tobytes() == original.samples.tobytes()


@pytest.mark.parametrize(
    "aliases",
    [
        ("audio_sample", "text", "language"),
        ("audio", "transcript", "lang"),
        ("file", "prompt_text", "prompt_lang"),
    ],
)
async def test_json_with_base64_is_as_good_as_a_form(
    client: httpx.AsyncClient, aliases: tuple[str, str, str]
) -> None:
    audio, text, language = aliases
    body = {
        "name": "me",
        "consent": CONSENT,
        audio: base64.encodebytes(WAV).decode(),
        text: TEXT,
        language: "en",
    }
    from_json = await client.post(VOICES, json=body)
    from_form = await upload(client)
    assert from_json.status_code == 200, from_json.text
    assert from_json.json() == from_form.json()


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"name": ""}, "name"),
        ({"text": ""}, "text"),
        ({"consent": ""}, "consent"),
        ({"name": "../me"}, "name"),
        ({"name": "me/../../etc"}, "name"),
        ({"name": ".hidden"}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"name": "v-0123456789abcdef"}, "name"),
        ({"name": "mе"}, "name"),  # the second letter is Cyrillic
        ({"text": "..."}, "text"),
        ({"text": "a " * 200}, "text"),
        ({"consent": "..."}, "consent"),
        ({"consent": "a " * 1500}, "consent"),
        ({"text": "Hello \x00 there"}, "text"),
        ({"consent": "I agree \u202e yllaer"}, "consent"),
        ({"language": "klingonese"}, "language"),
        ({"type": "prompt"}, "type"),
    ],
)
async def test_a_field_that_wont_do_is_named(
    client: httpx.AsyncClient, folder: Path, changes: dict[str, Any], param: str
) -> None:
    answer = await upload(client, **changes)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param
    assert files_in(folder) == []


@pytest.mark.parametrize("seconds", [2.9, 10.2])
async def test_a_reference_lasts_three_to_ten_seconds(client: httpx.AsyncClient, seconds: float) -> None:
    answer = await upload(client, encode(speech(16_000, seconds), 16_000))
    assert code_of(answer) == (400, "invalid_voice")
    assert "3 to 10 s" in answer.json()["error"]["message"]


async def test_what_makes_a_clone_worse_is_said(client: httpx.AsyncClient) -> None:
    quiet = encode(speech(8_000, 3.2) / np.float32(20), 8_000, subtype="FLOAT")
    warnings = (await upload(client, quiet)).json()["warnings"]
    assert {warning.partition(":")[0] for warning in warnings} == {"too_short", "too_quiet", "low_rate"}
    assert (await upload(client, name="fine", wav=OTHER_WAV)).json()["warnings"] == []


async def test_a_name_belongs_to_one_voice(client: httpx.AsyncClient, folder: Path) -> None:
    first = (await upload(client)).json()
    assert (await upload(client)).json() == first
    assert code_of(await upload(client, OTHER_WAV)) == (409, "voice_exists")
    assert code_of(await upload(client, text=f"{TEXT} Really.")) == (409, "voice_exists")
    assert VoiceStore(folder).get("me").id == first["content_id"]


async def test_no_upload_takes_the_name_of_an_alias_or_of_an_engines_own_voice(folder: Path) -> None:
    async with connect(folder, models=("cloning",), voice_aliases={"alloy": "en-us"}) as client:
        for name in ("alloy", "en-us"):
            assert code_of(await upload(client, name=name)) == (409, "voice_exists")
        assert (await upload(client)).status_code == 200


async def test_a_busy_decoder_refuses_before_it_reads_a_body(folder: Path) -> None:
    decoder = Decoder()
    async with connect(folder, decoder) as client:
        with contextlib.ExitStack() as places:
            for _ in range(1 + MAX_WAITING):
                places.enter_context(decoder.place())
            refused = await upload(client, b"")
            assert code_of(refused) == (429, "overloaded")
            assert int(refused.headers["retry-after"]) >= 1


async def test_the_first_consent_stays(client: httpx.AsyncClient, folder: Path) -> None:
    await upload(client)
    await upload(client, consent="Something else entirely.")
    consent = VoiceStore(folder).get("me").consent
    assert consent is not None
    assert consent.text == CONSENT


async def test_the_same_voice_uploaded_twice_at_once_is_one(folder: Path) -> None:
    async with connect(folder) as one, connect(folder) as other:
        answers = await asyncio.gather(*(upload(client) for client in (one, other) * 3))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["content_id"] for answer in answers}) == 1
    assert len(files_in(folder)) == 3


async def test_two_voices_of_one_name_at_once_are_one_and_a_refusal(folder: Path) -> None:
    async with connect(folder) as one, connect(folder) as other:
        answers = await asyncio.gather(upload(one), upload(other, OTHER_WAV))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(files_in(folder)) == 3


async def test_there_are_only_so_many_voices(folder: Path) -> None:
    async with connect(folder, voices={"max_voices": 2}) as client:
        answers = await asyncio.gather(*(upload(client, name=f"voice-{number}") for number in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 403, 403]
        kept = next(answer.json()["id"] for answer in answers if answer.status_code == 200)
        assert (await upload(client, name=kept)).status_code == 200
        await client.delete(f"{VOICES}/{kept}")
        assert (await upload(client, name="another")).status_code == 200


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (errno.ENOSPC, 507, "voice_store_full"),
        (errno.EDQUOT, 507, "voice_store_full"),
        (errno.EROFS, 403, "voice_store_read_only"),
        (errno.EIO, 503, "voice_store_failed"),
    ],
)
@pytest.mark.parametrize("after", [0, 1, 2])
async def test_a_full_disk_keeps_nothing_of_a_voice(
    client: httpx.AsyncClient,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    status: int,
    code: str,
    after: int,
) -> None:
    num_synced = 0

    def fsync(_: int) -> None:
        nonlocal num_synced
        num_synced += 1
        if num_synced > after:
            raise OSError(number, os.strerror(number), str(folder))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        answer = await upload(client)
    assert code_of(answer) == (status, code)
    assert str(folder) not in answer.text
    assert files_in(folder) == []
    assert (await upload(client)).status_code == 200


async def test_a_store_that_fails_otherwise_says_so_and_not_where_it_is(
    client: httpx.AsyncClient, folder: Path
) -> None:
    occupy(folder)
    answer = await upload(client)
    assert code_of(answer) == (503, "voice_store_failed")
    assert str(folder) not in answer.text


def occupy(folder: Path) -> None:
    folder.mkdir()
    (folder / "artefacts").write_bytes(b"no folder")


async def test_a_damaged_voice_is_the_servers_fault_and_tells_no_path(
    client: httpx.AsyncClient, folder: Path
) -> None:
    await upload(client)
    damage(folder)
    answer = await client.get(f"{VOICES}/me")
    assert code_of(answer) == (500, "voice_damaged")
    assert str(folder) not in answer.text


async def test_an_engines_own_voice_is_told_of_and_not_deleted(client: httpx.AsyncClient) -> None:
    told = (await client.get(f"{VOICES}/en-us")).json()
    assert (told["id"], told["type"], told["model"]) == ("en-us", "built_in", "formant")
    assert code_of(await client.delete(f"{VOICES}/en-us")) == (404, "unknown_voice")


async def test_a_preview_is_speech_and_always_the_same(client: httpx.AsyncClient) -> None:
    answers = [await client.get(f"{VOICES}/en-us/preview?response_format=wav") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["content-type"] == "audio/wav"
    assert answers[0].content == answers[1].content
    assert code_of(await client.get(f"{VOICES}/nobody/preview")) == (404, "unknown_voice")
    midi = await client.get(f"{VOICES}/en-us/preview?response_format=midi")
    assert code_of(midi) == (400, "unsupported_format")


def test_a_change_is_answered_when_replicas_have_seen_it() -> None:
    from tts_core.models.gpt_sovits import stored_voices

    settle_s: Any = SETTLE_S
    assert settle_s > stored_voices._MAX_AGE_S
