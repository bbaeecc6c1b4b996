"""Paths are names of voices, however they are written, and never of files."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.keys.key_file import KeyLimits
from tests.unit.http.gpt_sovits.support import TTS, VOICES, Voices, connect
from tests.unit.keys.support import add_key


@pytest.mark.parametrize(
    ("path", "voice"),
    [
        ("ann", "ann"),
        ("ANN", "ann"),
        ("ann.wav", "ann"),
        ("./参考音频/ann.wav", "ann"),
        ("C:\\Users\\me\\refs\\Ann.WAV", "ann"),
        ("%2Fdata%2Frefs%2Fann.wav", "ann"),
        ("今天天气真好.wav", "ann"),
        ("./参考音频/今天天气真好.wav", "ann"),
        ("/refs/今天天气真好", "ann"),
        ("/anywhere/HAPPY.flac", "ann"),
        ("bob", "Bob"),
        # Two voices were made from files of this name; one has exactly this one, and folders tell the rest.
        ("/refs/bob/reference.wav", "Bob"),
        ("/refs/cem/reference.wav", "cem"),
        ("demo.wav", "en-us"),
        ("/old/server/DEMO.wav", "en-us"),
        ("en-us+f3", "en-us+f3"),
    ],
)
async def test_a_path_is_the_voice_that_was_made_from_it(
    ingress: httpx.AsyncClient, voices: Voices, path: str, voice: str
) -> None:
    for answer in (
        await ingress.get("/tts", params={**TTS, "ref_audio_path": path}),
        await ingress.post("/tts", json={**TTS, "ref_audio_path": path}),
    ):
        assert answer.status_code == 200, answer.text
    assert [request.voice for request in voices.requests] == [voice, voice]


@pytest.mark.parametrize(
    "path",
    ["nobody", "reference.wav", "/etc/passwd", "..", "/", "a/../..", "%2e%2e%2f", "\x00", "ann/"],
)
async def test_all_other_paths_are_alike(ingress: httpx.AsyncClient, path: str) -> None:
    known = await ingress.post("/tts", json={**TTS, "ref_audio_path": "/refs/nobody.wav"})
    content = json.dumps({**TTS, "ref_audio_path": path})
    answer = await ingress.post("/tts", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.content) == (400, known.content)
    assert answer.json()["Exception"] == "unknown_voice"


async def test_no_file_is_looked_at(
    ingress: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one that is there nor one that isn't, and both get the same answer."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"RIFF")
    os.mkfifo(tmp_path / "trap.wav")  # whoever opens it waits for ever
    touched: list[str] = []
    is_watching = [True]

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if is_watching and event in ("open", "os.listdir", "os.scandir") and str(tmp_path) in str(args[0]):
            touched.append(str(args[0]))

    def watched_stat(path: Any, *args: Any, **more: Any) -> os.stat_result:
        if str(tmp_path) in str(path):
            touched.append(str(path))
        return real_stat(path, *args, **more)

    real_stat = os.stat
    monkeypatch.setattr(os, "stat", watched_stat)
    sys.addaudithook(watch)
    answers = []
    for name in ("secret.wav", "trap.wav", "missing.wav"):
        path = str(tmp_path / name)
        for query in (
            {**TTS, "ref_audio_path": path},
            {**TTS, "aux_ref_audio_paths": path},
            {"refer_wav_path": path, "text": "Hello.", "text_language": "en"},
        ):
            route = "/tts" if "ref_audio_path" in query else "/"
            answers.append(await ingress.get(route, params=query))
        answers.append(await ingress.get("/set_refer_audio", params={"refer_audio_path": path}))
    is_watching.clear()
    assert touched == []
    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.content for answer in answers}) == 1


async def test_the_voice_decides_which_model_speaks(ingress: httpx.AsyncClient, voices: Voices) -> None:
    for path in ("en-us", "ann", "demo.wav"):
        await ingress.post("/tts", json={**TTS, "ref_audio_path": path})
    assert [request.model for request in voices.requests] == ["formant", "one", "formant"]


async def test_a_voice_s_id_needs_no_second_look(
    ingress: httpx.AsyncClient, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.http.gpt_sovits.references.MAX_AGE_S", -1.0)
    for path in ("ann", "./ANN.wav", "demo.wav", "en-us+f3"):
        await ingress.post("/tts", json={**TTS, "ref_audio_path": path})
    assert voices.num_listed == 1


async def test_a_file_s_name_may_become_another_voice_s(
    ingress: httpx.AsyncClient, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.http.gpt_sovits.references.MAX_AGE_S", -1.0)
    heard = []
    for changed in (False, True):
        if changed:
            ann, bob = VOICES[1], VOICES[2]
            files = (bob.recordings, ann.recordings)
            voices.listed = tuple(
                replace(voice, recordings=own) for voice, own in zip((ann, bob), files, strict=True)
            )
        await ingress.post("/tts", json={**TTS, "ref_audio_path": "refs/happy.flac"})
        heard.append(voices.requests[-1].voice)
    assert heard == ["ann", "Bob"]


async def test_asking_for_what_isnt_there_changes_nothing(ingress: httpx.AsyncClient) -> None:
    for folder, status in (("bob", 200), ("nobody", 400), ("ann", 400), ("bob", 200), ("cem", 200)):
        path = f"/refs/{folder}/reference.wav"
        answer = await ingress.post("/tts", json={**TTS, "ref_audio_path": path})
        assert (folder, answer.status_code) == (folder, status)


async def test_a_catalogue_that_comes_late_is_waited_for(
    ingress: httpx.AsyncClient, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.http.gpt_sovits.references.LIST_S", 0.01)
    voices.is_hanging = True
    asyncio.get_running_loop().call_later(0.1, setattr, voices, "is_hanging", False)
    answer = await ingress.post("/tts", json={**TTS, "ref_audio_path": "今天天气真好.wav"})
    assert answer.status_code == 200
    assert (voices.requests[-1].voice, voices.requests[-1].model) == ("ann", "one")


async def test_the_second_look_for_a_voice_is_no_second_request(
    voices: Voices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.http.gpt_sovits.references.LIST_S", 0.01)
    limits = KeyLimits(requests_per_minute=1)
    bearer = {"Authorization": f"Bearer {add_key(tmp_path / 'keys.yaml', 'alice', limits=limits)}"}
    voices.is_hanging = True
    asyncio.get_running_loop().call_later(0.1, setattr, voices, "is_hanging", False)
    async with connect(voices, keys=str(tmp_path / "keys.yaml")) as client:
        body = {**TTS, "ref_audio_path": "今天天气真好.wav"}
        answers = [await client.post("/tts", json=body, headers=bearer) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]


async def test_an_engine_that_is_down_holds_up_nobody_who_speaks_with_another(
    ingress: httpx.AsyncClient, voices: Voices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.http.gpt_sovits.references.LIST_S", 0.05)
    voices.is_hanging = True
    assert (await ingress.post("/tts", json={**TTS, "ref_audio_path": "en-us"})).status_code == 200
    voices.is_hanging, voices.is_down = False, True
    assert (await ingress.post("/tts", json={**TTS, "ref_audio_path": "en-us"})).status_code == 200
    # Perhaps it would have had this one.
    answer = await ingress.post("/tts", json={**TTS, "ref_audio_path": "nobody"})
    assert (answer.status_code, answer.json()["Exception"]) == (503, "engine_stopped")
    voices.is_down = False
    for path in ("ann.wav", "en-us"):
        assert (await ingress.post("/tts", json={**TTS, "ref_audio_path": path})).status_code == 200
    assert [request.model for request in voices.requests] == [
        "formant",
        "formant",
        "formant",
        "one",
        "formant",
    ]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ({}, (None, None)),
        ({"prompt_text": "", "prompt_lang": "zh"}, (None, None)),
        # AstrBot's way to write what isn't set.
        ({"prompt_text": "none", "prompt_lang": "none"}, (None, None)),
        ({"prompt_text": "What it says.", "prompt_lang": "EN"}, ("What it says.", "en")),
        ({"prompt_text": "What it says.", "prompt_lang": ""}, ("What it says.", None)),
        ({"prompt_text": "What it says.", "prompt_lang": "中英混合"}, ("What it says.", "zh")),
        # SillyTavern sends the voice's name, which nobody said.
        ({"prompt_text": "ann", "prompt_lang": "zh"}, (None, None)),
        ({"prompt_text": "Ann", "prompt_lang": "zh"}, (None, None)),
    ],
)
async def test_the_prompt_is_the_requests_or_else_the_voices(
    ingress: httpx.AsyncClient,
    voices: Voices,
    prompt: dict[str, str],
    expected: tuple[str | None, str | None],
) -> None:
    assert (await ingress.post("/tts", json={**TTS, **prompt})).status_code == 200
    request = voices.requests[0]
    assert (request.prompt_text, request.prompt_language) == expected


async def test_a_file_that_is_called_as_its_text_has_the_voices_text(
    ingress: httpx.AsyncClient, voices: Voices
) -> None:
    """The fork that SillyTavern speaks to names files by what they say, the mood before it in brackets."""
    body = {**TTS, "ref_audio_path": "./参考音频/今天天气真好.wav", "prompt_text": "今天天气真好"}
    await ingress.post("/", json=body)
    body = {**TTS, "ref_audio_path": "./参考音频/[开心]ann.wav", "prompt_text": "ann"}
    answer = await ingress.post("/", json=body)
    assert voices.requests[0].prompt_text is None
    assert answer.status_code == 400  # no voice is called so


AUX: list[tuple[Any, tuple[str, ...]]] = [
    ("", ()),
    ([], ()),
    (["", None], ()),
    (None, ()),
    ("[]", ()),
    ("Bob", ("Bob",)),
    (["/refs/bob.wav", "en-us"], ("Bob", "en-us")),
    ('["bob.wav", "cem"]', ("Bob", "cem")),
    # It was made from this one, too.
    (["/refs/happy.flac", "cem"], ("cem",)),
]


@pytest.mark.parametrize(("paths", "timbres"), AUX)
async def test_further_references_shape_the_timbre(
    ingress: httpx.AsyncClient, voices: Voices, paths: Any, timbres: tuple[str, ...]
) -> None:
    answer = await ingress.post("/tts", json={**TTS, "aux_ref_audio_paths": paths})
    assert answer.status_code == 200, answer.text
    assert voices.requests[0].timbres == timbres


async def test_further_references_may_repeat_their_key(ingress: httpx.AsyncClient, voices: Voices) -> None:
    for path, key in (("/tts", "aux_ref_audio_paths"), ("/", "inp_refs")):
        query = {**TTS, key: ["bob.wav", "", "cem"]}
        assert (await ingress.get(path, params=query)).status_code == 200
        assert voices.requests[-1].timbres == ("Bob", "cem")


@pytest.mark.parametrize(
    "paths",
    [
        ["nobody.wav"],
        ["ann", "/etc/passwd"],
        ["x"] * 9,
        "[1",
        "[1]",
        "[happy]nobody.wav",
        [1],
        {"a": 1},
    ],
)
async def test_a_further_reference_that_is_none_is_told(ingress: httpx.AsyncClient, paths: Any) -> None:
    answer = await ingress.post("/tts", json={**TTS, "aux_ref_audio_paths": paths})
    assert answer.status_code == 400
    assert answer.json()["Exception"] in ("unknown_voice", "invalid_parameter")
