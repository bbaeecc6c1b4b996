"""Each client of `/`, and of GSVI's routes: its exact request, and its way of reading the answer.

What is sent was read in the sources of SillyTavern 1.13 and AstrBot, and in api.py's own guide and users
(xiaozhi-esp32-server's V3, pyvideotrans, RedwindA's adapter).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import aiohttp
import httpx
import pytest

from tests.serve.clients.reading import SAYS, VOICE, assert_file, read_ogg

ORIGIN = "http://chat.example"


def from_browser(url: str, method: str) -> None:
    """Ask first, as a browser does for a page of another origin."""
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type",
    }
    answer = httpx.options(url, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] in (ORIGIN, "*")
    assert method in answer.headers["access-control-allow-methods"]


def post_from_page(url: str, body: dict[str, Any]) -> httpx.Response:
    from_browser(url, "POST")
    answer = httpx.post(url, json=body, headers={"Origin": ORIGIN}, timeout=60)
    assert answer.headers["access-control-allow-origin"] in (ORIGIN, "*")
    return answer


def test_sillytaverns_gpt_sovits_v2(server_url: str) -> None:
    speakers = httpx.get(f"{server_url}/speakers", headers={"Origin": ORIGIN}).json()
    assert {"name": VOICE, "voice_id": VOICE} in speakers
    voice = next(one["voice_id"] for one in speakers if one["name"] == "en-us")
    body = {
        "text": SAYS,
        "prompt_text": voice,
        "ref_audio_path": f"./参考音频/{voice}.wav",
        "text_lang": "zh",
        "prompt_lang": "zh",
        "text_split_method": "cut5",
        "batch_size": 1,
        "media_type": "ogg",
        "streaming_mode": "true",
    }
    answer = post_from_page(f"{server_url}/", body)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("audio/")
    # A blob, played when all of it is there: one file, not one for each chunk.
    samples, rate_hz = read_ogg(answer.content)
    assert answer.content.count(b"OpusHead") == 1
    assert len(samples) / rate_hz > 1.0


@pytest.mark.parametrize("media_type", ["auto", "wav", "mp3", "ogg", "flac"])
def test_sillytaverns_adapter(server_url: str, media_type: str) -> None:
    speakers = httpx.get(f"{server_url}/speakers", headers={"Origin": ORIGIN}).json()
    body = {
        "text": SAYS,
        "card_name": ["Ann"],
        "use_st_adapter": True,
        "target_voice": speakers[0]["voice_id"],
        "text_lang": "zh",
        "text_split_method": "cut5",
        "batch_size": 1,
        "media_type": media_type,
        "streaming_mode": "true",
    }
    answer = post_from_page(f"{server_url}/", body)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("audio/")
    assert_file(answer.content)


def test_sillytaverns_adapter_is_told_that_there_is_no_silk(server_url: str) -> None:
    body = {"text": SAYS, "target_voice": "en-us", "media_type": "silk", "streaming_mode": "true"}
    answer = post_from_page(f"{server_url}/", body)
    assert (answer.status_code, answer.json()["Exception"]) == (400, "unsupported_format")


def test_sillytaverns_gsvi_plays_an_address(server_url: str) -> None:
    characters = httpx.get(f"{server_url}/character_list", headers={"Origin": ORIGIN}).json()
    query = {
        "text": SAYS,
        "cha_name": next(name for name in characters if name == "en-gb"),
        "text_language": "多语种混合",
        "batch_size": "10",
        "speed": "1",
        "top_k": "6",
        "top_p": "0.85",
        "temperature": "0.75",
        "stream": "false",
    }
    answer = httpx.get(f"{server_url}/tts", params=query, timeout=60)
    assert answer.status_code == 200
    assert_file(answer.content, at_least_s=1.0)


async def test_astrbots_gsvi_gets_an_address_and_then_the_speech(server_url: str) -> None:
    body = {
        "dl_url": server_url,
        "version": "v4",
        "model_name": "en-us",
        "prompt_text_lang": "中文",
        "emotion": "默认",
        "text": SAYS,
        "text_lang": "英文",
    }
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{server_url}/infer_single", json=body) as answer:
            assert answer.status == 200
            told = await answer.json()
        assert told["msg"] == "合成成功"
        heard = []
        for _ in range(2):
            async with session.get(told["audio_url"]) as answer:
                assert answer.status == 200
                heard.append(await answer.read())
        assert heard[0] == heard[1]
        assert_file(heard[0], at_least_s=1.0)
        async with session.get(told["audio_url"][:-8] + "AAAAAAAA") as answer:
            assert answer.status == 403


async def test_astrbots_older_gsvi_names_a_character(server_url: str) -> None:
    url = f"{server_url}/tts?text={quote(SAYS)}&character={quote('en-us')}&emotion={quote('happy')}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        assert_file(await answer.read(), at_least_s=1.0)


def test_a_browser_still_gets_the_page(server_url: str) -> None:
    for query in ({}, {"utm_source": "somewhere"}):
        answer = httpx.get(f"{server_url}/", params=query)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


# api.py


def test_xiaozhis_v3_gets_speech_at_the_root(server_url: str) -> None:
    query = {
        "refer_wav_path": VOICE,
        "prompt_text": "",
        "prompt_language": "zh",
        "text": SAYS,
        "text_language": "auto",
        "top_k": "15",
        "top_p": "1.0",
        "temperature": "1.0",
        "cut_punc": "",
        "speed": "1.0",
        "inp_refs": "",
        "sample_steps": "32",
        "if_sr": "False",
    }
    answer = httpx.get(server_url, params=query, timeout=60)
    assert answer.status_code == 200
    assert_file(answer.content, at_least_s=1.0)


def test_pyvideotranss_first_version(server_url: str) -> None:
    body = {
        "text": SAYS,
        "text_language": "中英混合",
        "refer_wav_path": VOICE,
        "prompt_text": "What it says.",
        "prompt_language": "英文",
        "speed": 1.2,
        "inp_refs": ["en-gb"],
    }
    slower = httpx.post(f"{server_url}/", json={**body, "speed": 0.8}, timeout=60)
    faster = httpx.post(f"{server_url}/", json=body, timeout=60)
    assert (slower.status_code, faster.status_code) == (200, 200)
    assert_file(faster.content)
    assert len(slower.content) > 1.2 * len(faster.content)


def test_redwindas_adapter_sets_a_model_before_each_request(server_url: str) -> None:
    choice = {"gpt_model_path": "GPT_weights/formant.ckpt", "sovits_model_path": "formant.pth"}
    answer = httpx.post(f"{server_url}/set_model", json=choice)
    assert (answer.status_code, answer.json()["code"]) == (200, 0)
    body = {
        "refer_wav_path": VOICE,
        "prompt_text": "What it says.",
        "prompt_language": "en",
        "text": SAYS,
        "text_language": "en",
        "temperature": 0.45,
        "speed": 0.95,
    }
    answer = httpx.post(f"{server_url}/", json=body, timeout=60)
    assert answer.status_code == 200
    assert_file(answer.content, at_least_s=1.0)


def test_a_default_reference_is_a_sessions_own(server_url: str) -> None:
    mine, other = f"{server_url}/session/mine", f"{server_url}/session/other"
    refer = {"refer_wav_path": "en-gb", "prompt_text": "What it says.", "prompt_language": "en"}
    answer = httpx.post(f"{mine}/change_refer", json=refer)
    assert answer.json() == {"message": "success", "code": 0}
    query = {"text": SAYS, "text_language": "en"}
    assert_file(httpx.get(f"{mine}/", params=query, timeout=60).content, at_least_s=1.0)
    answer = httpx.get(f"{other}/", params=query, timeout=60)
    assert (answer.status_code, answer.json()["Exception"]) == (400, "invalid_parameter")


def test_nobody_ends_the_server(server_url: str) -> None:
    for answer in (
        httpx.get(f"{server_url}/control", params={"command": "exit"}),
        httpx.post(f"{server_url}/control", json={"command": "restart"}),
    ):
        assert (answer.status_code, answer.json()["Exception"]) == (403, "control_off")
    assert httpx.get(f"{server_url}/ping").status_code == 200
