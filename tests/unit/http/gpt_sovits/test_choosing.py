"""What a client chooses is for its own later requests, and is told of at once where it is nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from deployments.http.gpt_sovits.sessions import Choice, LocalSessions
from tests.unit.http.gpt_sovits.support import TTS, Voices, connect
from tests.unit.keys.support import add_key


async def choose(client: httpx.AsyncClient, route: str, base: str = "", **query: str) -> httpx.Response:
    return await client.get(f"{base}/{route}", params=query)


@pytest.mark.parametrize(
    ("gpt", "sovits", "model"),
    [
        ("GPT_weights/two-e15.ckpt", "", "two"),
        ("", "SoVITS_weights\\TWO_e8_s100.pth", "two"),
        ("two-e15.ckpt", "s2Gv2Pro.pth", "mix"),
        ("two-e15", "two_e8_s100", "two"),
        ("GPT_SoVITS/pretrained_models/s1v3.ckpt", "", "one"),
        ("two", "two", "two"),
        ("best", "", "two"),
        ("two.ckpt", "", "two"),
        ("formant", "formant", "formant"),
    ],
)
async def test_weights_choose_a_model(
    ingress: httpx.AsyncClient, voices: Voices, gpt: str, sovits: str, model: str
) -> None:
    for part, path in (("gpt", gpt), ("sovits", sovits)):
        if path:
            answer = await choose(ingress, f"set_{part}_weights", weights_path=path)
            assert (answer.status_code, answer.json()["message"]) == (200, "success")
    await ingress.post("/tts", json=TTS)
    assert voices.requests[0].model == model
    await ingress.post("/tts", json={**TTS, "gpt_weights": "one", "sovits_weights": "one"})
    assert voices.requests[1].model == "one"


@pytest.mark.parametrize("route", ["set_gpt_weights", "set_sovits_weights"])
async def test_unknown_weights_are_told_at_once_and_change_nothing(
    ingress: httpx.AsyncClient, voices: Voices, route: str, tmp_path: Path
) -> None:
    (tmp_path / "evil.ckpt").write_bytes(b"cos\nsystem\n")
    told = set()
    for path in ("none.ckpt", str(tmp_path / "evil.ckpt"), str(tmp_path / "gone.ckpt"), ".."):
        answer = await choose(ingress, route, weights_path=path)
        assert (answer.status_code, answer.json()["Exception"]) == (400, "unknown_model")
        told.add(answer.content)
    assert len(told) == 1
    assert (await choose(ingress, route)).json()["Exception"] == "invalid_parameter"
    await ingress.post("/tts", json=TTS)
    assert voices.requests[0].model == "one"


async def test_a_pair_that_isnt_configured_is_told_when_it_is_to_speak(
    ingress: httpx.AsyncClient, voices: Voices
) -> None:
    """Each half is some model's. Between the two calls of a client that changes both, they don't fit."""
    await choose(ingress, "set_gpt_weights", weights_path="s1v3.ckpt")
    await choose(ingress, "set_sovits_weights", weights_path="two_e8_s100.pth")
    answer = await ingress.post("/tts", json=TTS)
    assert (answer.status_code, answer.json()["Exception"]) == (400, "unknown_model")
    await choose(ingress, "set_gpt_weights", weights_path="two-e15.ckpt")
    assert (await ingress.post("/tts", json=TTS)).status_code == 200
    assert [request.model for request in voices.requests] == ["two"]


async def test_api_pys_words_are_the_same(ingress: httpx.AsyncClient, voices: Voices) -> None:
    pair = {"gpt_model_path": "two-e15.ckpt", "sovits_model_path": "two_e8_s100.pth"}
    refer = {"refer_wav_path": "ann.wav", "prompt_text": "What it says.", "prompt_language": "英文"}
    for path, values in (("/set_model", pair), ("/change_refer", refer)):
        for answer in (await ingress.post(path, json=values), await ingress.get(path, params=values)):
            assert answer.json() == {"message": "success", "code": 0}
    await ingress.post("/", json={"text": "Hello.", "text_language": "中英混合"})
    request = voices.requests[0]
    assert (request.model, request.voice, request.language) == ("two", "ann", "zh")
    assert (request.prompt_text, request.prompt_language) == ("What it says.", "en")


@pytest.mark.parametrize(
    "body", [{}, {"gpt_model_path": ""}, {"gpt_model_path": 3}, {"sovits_model_path": ["x"]}]
)
async def test_choosing_nothing_is_an_error(ingress: httpx.AsyncClient, body: dict[str, object]) -> None:
    answer = await ingress.post("/set_model", json=body)
    assert (answer.status_code, answer.json()["Exception"]) == (400, "invalid_parameter")


async def test_a_reference_is_for_requests_without_their_own(
    ingress: httpx.AsyncClient, voices: Voices
) -> None:
    bare = {"text": "Hello there.", "text_lang": "en"}
    assert (await ingress.post("/tts", json=bare)).json()["Exception"] == "invalid_parameter"
    assert (await choose(ingress, "set_refer_audio", refer_audio_path="bob.wav")).status_code == 200
    assert (await choose(ingress, "set_refer_audio", refer_audio_path="nobody")).status_code == 400
    for body in (bare, TTS, {**bare, "prompt_text": "What it says.", "prompt_lang": "en"}):
        assert (await ingress.post("/tts", json=body)).status_code == 200
    heard = [(request.voice, request.prompt_text) for request in voices.requests]
    assert heard == [("Bob", None), ("ann", None), ("Bob", "What it says.")]


async def test_a_server_may_have_a_reference_for_those_who_name_none(voices: Voices) -> None:
    """As api.py's `-dr`. What a request or its session says goes first; an unknown one is still told."""
    bare = {"text": "Hello there.", "text_language": "en"}
    async with connect(voices, default_reference="ann") as client:
        await client.get("/", params={**bare, "refer_wav_path": ""})
        await client.post("/", json={**bare, "prompt_text": "What it says.", "prompt_language": "en"})
        await client.post("/", json={**bare, "refer_wav_path": "bob.wav"})
        assert (await client.post("/", json={**bare, "refer_wav_path": "nobody"})).status_code == 400
        await choose(client, "set_refer_audio", refer_audio_path="cem")
        await client.post("/", json=bare)
    heard = [(request.voice, request.prompt_text) for request in voices.requests]
    assert heard[:3] == [("ann", None), ("ann", "What it says."), ("Bob", None)]
    assert heard[-1] == ("cem", None)


async def test_names_keep_sessions_apart(ingress: httpx.AsyncClient, voices: Voices) -> None:
    await choose(ingress, "set_gpt_weights", base="/session/a", weights_path="two")
    for base in ("", "/session/a", "/session/b"):
        assert (await ingress.post(f"{base}/tts", json=TTS)).status_code == 200
    assert [request.model for request in voices.requests] == ["one", "two", "one"]
    assert (await ingress.get("/session/a/ping")).status_code == 200
    for path in ("/session", "/session/", "/session/a b/ping", "/session/a/nothing"):
        assert (await ingress.get(path)).status_code == 404


async def test_keys_keep_sessions_apart(voices: Voices, tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    tokens = [add_key(path, name) for name in ("alice", "bob")]
    async with connect(voices, keys=str(path)) as client:
        bearers = [{"Authorization": f"Bearer {token}"} for token in tokens]
        params = {"weights_path": "two"}
        assert (await client.get("/set_gpt_weights", params=params)).status_code == 401
        await client.get("/set_gpt_weights", params=params, headers=bearers[0])
        for headers in bearers:
            await client.post("/tts", json=TTS, headers=headers)
            await client.post("/session/alice/tts", json=TTS, headers=headers)
    assert [request.model for request in voices.requests] == ["two", "one", "one", "one"]


async def test_strangers_choose_nothing_for_each_other(voices: Voices) -> None:
    async with connect(voices, open_to_all=True) as client:
        answer = await choose(client, "set_gpt_weights", weights_path="two")
        assert (answer.status_code, answer.json()["Exception"]) == (400, "invalid_parameter")
        assert "/session/" in answer.json()["message"]
        assert (await choose(client, "set_gpt_weights", "/session/me", weights_path="two")).status_code == 200


async def test_a_choice_disturbs_no_running_request(ingress: httpx.AsyncClient, voices: Voices) -> None:
    voices.pause_s = 0.05
    running = asyncio.create_task(ingress.post("/tts", json={**TTS, "streaming_mode": 1}))
    while not voices.requests:  # noqa: ASYNC110  # the source tells no one
        await asyncio.sleep(0.01)
    await choose(ingress, "set_gpt_weights", weights_path="two")
    heard = await running
    assert voices.requests[0].model == "one"
    assert heard.content[44:] == b"".join(voices.pieces)


async def test_sessions_are_bounded() -> None:
    sessions = LocalSessions(max_sessions=3)
    for name in "abcd":
        await sessions.change(name, {"gpt_weights": name})
        await sessions.get("b")
    known = [name for name in "abcd" if await sessions.get(name) != Choice()]
    assert known == ["b", "c", "d"]


@pytest.mark.parametrize("header", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_without_keys_a_page_elsewhere_chooses_nothing(
    voices: Voices, tmp_path: Path, header: dict[str, str]
) -> None:
    """A page may have its browser get any address, and post what passes for a form."""
    query = {
        "weights_path": "two",
        "refer_audio_path": "cem",
        "gpt_model_path": "two",
        "refer_wav_path": "cem",
    }
    routes = ("set_gpt_weights", "set_sovits_weights", "set_refer_audio", "set_model", "change_refer")
    async with connect(voices, cors_origins=("http://chat.example",)) as client:
        for route in routes:
            refused = await client.get(f"/{route}", params=query, headers=header)
            assert (refused.status_code, refused.json()["Exception"]) == (403, "foreign_origin")
        for route in ("session/me/set_model", "change_refer"):
            assert (await client.post(f"/{route}", json=query, headers=header)).status_code == 403
        await client.post("/tts", json=TTS)
        assert voices.requests[0].model == "one"
        for origin in ("http://chat.example", "http://localhost:5173"):
            answer = await client.get("/set_gpt_weights", params=query, headers={"Origin": origin})
            assert answer.status_code == 200
    path = tmp_path / "keys.yaml"
    bearer = {"Authorization": f"Bearer {add_key(path, 'alice')}"}
    async with connect(voices, keys=str(path)) as client:
        answer = await client.get("/set_gpt_weights", params=query, headers={**bearer, **header})
        assert answer.status_code == 200
