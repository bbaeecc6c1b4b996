"""At `/`: speech for who asks for it, the page for all others, and keys for speech alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.http.gpt_sovits.support import TTS, Voices, connect
from tests.unit.keys.support import add_key

API_PY = {"refer_wav_path": "ann.wav", "text": "Hello there.", "text_language": "en"}


@pytest.mark.parametrize("query", [{}, {"theme": "dark"}, {"": ""}])
async def test_a_browser_gets_the_page(ingress: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await ingress.get("/", params=query)
    assert answer.headers["content-type"].startswith("text/html")
    assert (await ingress.head("/")).status_code == 200


async def test_api_py_speaks_by_get_and_post(ingress: httpx.AsyncClient, voices: Voices) -> None:
    more: dict[str, Any] = {**API_PY, "top_k": 20, "top_p": 0.6, "temperature": 0.6, "speed": 1.5}
    more["cut_punc"] = "，。"
    for answer in (await ingress.get("/", params=more), await ingress.post("/", json=more)):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
        assert int(answer.headers["content-length"]) == len(answer.content)
    for request in voices.requests:
        assert (request.voice, request.language, request.speed) == ("ann", "en", 1.5)
        assert request.sampling is not None
        assert (request.sampling.top_k, request.sampling.top_p) == (20, 0.6)


@pytest.mark.parametrize(
    ("label", "language"),
    [
        ("中文", "all_zh"),
        ("英文", "en"),
        ("日文", "all_ja"),
        ("粤语", "all_yue"),
        ("韩文", "all_ko"),
        ("中英混合", "zh"),
        ("日英混合", "ja"),
        ("粤英混合", "yue"),
        ("韩英混合", "ko"),
        ("多语种混合", "auto"),
        ("多语种混合(粤语)", "auto_yue"),
        ("多语种混合（粤语）", "auto_yue"),
        *((code, code) for code in ("auto", "auto_yue", "en", "zh", "ja", "yue", "ko")),
        *((code, code) for code in ("all_zh", "all_ja", "all_yue", "all_ko")),
        ("ZH", "zh"),
    ],
)
async def test_languages_go_by_label_and_code(
    ingress: httpx.AsyncClient, voices: Voices, label: str, language: str
) -> None:
    await ingress.post(
        "/", json={**API_PY, "text_language": label, "prompt_text": "x", "prompt_language": label}
    )
    await ingress.get("/tts", params={**TTS, "text_lang": label})
    assert [request.language for request in voices.requests] == [language] * 2
    assert voices.requests[0].prompt_language == language


BAD: list[tuple[dict[str, Any], str]] = [
    ({"text": ""}, "empty_input"),
    ({"text": None}, "invalid_parameter"),
    ({"text_language": ""}, "invalid_parameter"),
    ({"refer_wav_path": ""}, "invalid_parameter"),
    ({"refer_wav_path": ["a"]}, "invalid_parameter"),
    ({"refer_wav_path": "nobody"}, "unknown_voice"),
    ({"speed": "fast"}, "invalid_parameter"),
    ({"top_k": 0}, "invalid_parameter"),
    ({"media_type": "silk"}, "unsupported_format"),
    ({"media_type": ["ogg"]}, "invalid_parameter"),
]


@pytest.mark.parametrize(("changes", "code"), BAD)
async def test_errors_at_the_root_have_the_dialects_keys(
    ingress: httpx.AsyncClient, changes: dict[str, Any], code: str
) -> None:
    answer = await ingress.post("/", json={**API_PY, **changes})
    assert (answer.status_code, answer.json()["Exception"]) == (400, code)
    assert answer.headers["x-error-code"] == code
    assert answer.json().keys() == {"message", "Exception"}


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"nonsense", b'{"text": "\xff"}'])
async def test_a_body_that_is_no_object_is_told(ingress: httpx.AsyncClient, content: bytes) -> None:
    answer = await ingress.post("/", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["Exception"]) == (400, "malformed_body")


async def test_a_streamed_ogg_is_one_file_here_and_one_for_each_chunk_there(
    ingress: httpx.AsyncClient, voices: Voices
) -> None:
    body = {**TTS, "media_type": "ogg", "streaming_mode": "true"}
    root, tts = await ingress.post("/", json=body), await ingress.post("/tts", json=body)
    assert root.content.count(b"OpusHead") == 1
    assert tts.content.count(b"OpusHead") >= len(voices.pieces)


async def test_speech_at_the_root_needs_a_key_and_the_page_none(voices: Voices, tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    bearer = {"Authorization": f"Bearer {add_key(path, 'alice')}"}
    async with connect(voices, keys=str(path)) as client:
        for route, query in (("/", {}), ("/", {"theme": "dark"}), ("/session/a/", {})):
            assert (await client.get(route, params=query)).status_code == 200
        for answer in (
            await client.get("/", params=API_PY),
            await client.get("/", params={"text": ""}),
            await client.get("/?%74ext=Hello"),
            await client.get("/session/a/", params=API_PY),
            await client.post("/", json=API_PY),
            await client.post("/session/a/", json=API_PY),
            await client.get("/speakers"),
            await client.get("/character_list"),
            await client.post("/infer_single", json={"model_name": "ann", "text": "Hello."}),
        ):
            assert (answer.status_code, answer.json()["Exception"]) == (401, "missing_api_key")
        assert (await client.get("/control", headers=bearer)).status_code == 403
        assert (await client.post("/", json=API_PY, headers=bearer)).status_code == 200
    assert voices.payers == ["alice"]


async def test_the_voices_are_listed_as_three_providers_read_them(ingress: httpx.AsyncClient) -> None:
    speakers = (await ingress.get("/speakers")).json()
    assert [one["voice_id"] for one in speakers] == ["demo.wav", "en-us", "ann", "Bob", "cem"]
    assert all(one["name"] == one["voice_id"] for one in speakers)
    assert list((await ingress.get("/character_list")).json()) == [one["name"] for one in speakers]


async def test_control_is_off_unless_it_is_switched_on(voices: Voices) -> None:
    ended: list[bool] = []
    for is_on in (False, True):
        async with connect(voices, end=lambda: ended.append(True), control=is_on) as client:
            answers = [
                await client.get("/control", params={"command": "restart"}),
                await client.get("/control", params={"command": "rm"}),
                await client.post("/control", json={"command": "exit"}),
            ]
            assert [answer.status_code for answer in answers] == ([400, 400, 200] if is_on else [403] * 3)
    assert ended == [True]
