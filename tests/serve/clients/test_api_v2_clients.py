"""Each client of `/tts`: its exact request, and its way of reading the answer.

What is sent was read in the clients' own sources: AstrBot 19d00fb, Open-LLM-VTuber 19b58b1, MaiBot's adapter
408ceed, xiaozhi-esp32-server 7475ea2b, LiveTalking a5a77f4, VideoLingo dfbdc00, pyvideotrans 42d69fb, N.E.K.O
PR #298.
"""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from typing import Any

import aiohttp
import httpx
import pytest
import requests

from tests.serve.clients.reading import SAYS, VOICE, assert_file, assert_speech, read_ogg
from tests.support.decoding import pcm_samples, wav_pcm

# AstrBot writes every value as `str(value).lower()`.
ASTRBOT = {
    "ref_audio_path": f"C:\\Voices\\{VOICE}",
    "prompt_text": "",
    "prompt_lang": "zh",
    "aux_ref_audio_paths": "",
    "text_lang": "zh",
    "top_k": 5,
    "top_p": 1.0,
    "temperature": 1.0,
    "text_split_method": "cut3",
    "batch_size": 1,
    "batch_threshold": 0.75,
    "split_bucket": True,
    "speed_factor": 1,
    "fragment_interval": 0.3,
    "streaming_mode": False,
    "seed": -1,
    "parallel_infer": True,
    "repetition_penalty": 1.35,
    "media_type": "wav",
    "text": "你好，这是一个测试。",
}


async def test_astrbot_chooses_weights_and_reads_the_whole_body(server_url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for route in ("set_gpt_weights", "set_sovits_weights"):
            choice = {"weights_path": "formant"}
            async with session.get(f"{server_url}/{route}", params=choice) as answer:
                assert answer.status == 200
        params = {name: str(value).lower() for name, value in ASTRBOT.items()}
        async with session.get(f"{server_url}/tts", params=params) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            assert_file(await answer.read())


async def test_astrbot_without_a_reference_is_told_what_is_missing(server_url: str) -> None:
    params = {name: str(value).lower() for name, value in {**ASTRBOT, "ref_audio_path": ""}.items()}
    async with aiohttp.ClientSession() as session, session.get(f"{server_url}/tts", params=params) as answer:
        assert answer.status == 400
        assert "ref_audio_path" in (await answer.json())["message"]


VTUBER = {
    "text": SAYS,
    "text_lang": "en",
    "ref_audio_path": f"/home/me/refs/{VOICE}",
    "prompt_lang": "zh",
    "prompt_text": "",
    "text_split_method": "cut5",
    "batch_size": "1",
    "media_type": "wav",
    "streaming_mode": "false",
}


def test_open_llm_vtuber_saves_a_file(server_url: str) -> None:
    answer = requests.get(f"{server_url}/tts", params=VTUBER, timeout=120)
    assert answer.status_code == 200
    assert_file(answer.content, at_least_s=1.0)


def test_open_llm_vtubers_own_default_is_a_typo_and_is_told_so(server_url: str) -> None:
    answer = requests.get(f"{server_url}/tts", params={**VTUBER, "streaming_mode": "ture"}, timeout=120)
    assert answer.status_code == 400
    assert "streaming_mode" in answer.json()["message"]


MAIBOT: dict[str, Any] = {
    "text": SAYS,
    "text_lang": "auto",
    "ref_audio_path": VOICE,
    "aux_ref_audio_paths": ["en-gb", "en-us+m3"],
    "prompt_text": "",
    "prompt_lang": "zh",
    "top_k": 12,
    "top_p": 1,
    "temperature": 1,
    "text_split_method": "cut5",
    "batch_size": 1,
    "batch_threshold": 0.75,
    "speed_factor": 1,
    "media_type": "wav",
    "repetition_penalty": 1.35,
    "sample_steps": 32,
    "super_sampling": "False",
}


@pytest.mark.parametrize("mode", ["False", "True"])
def test_maibot_repeats_keys_and_reads_pieces_of_4096_bytes(server_url: str, mode: str) -> None:
    stream = mode == "True"
    params = {**MAIBOT, "streaming_mode": mode}
    with requests.get(f"{server_url}/tts", params=params, stream=stream, timeout=(3.05, 60)) as answer:
        assert answer.status_code == 200
        data = b"".join(answer.iter_content(chunk_size=4096))
    assert_speech(pcm_samples(wav_pcm(data)), 22_050, at_least_s=1.0)


def test_maibot_reads_errors_by_two_keys(server_url: str) -> None:
    params = {**MAIBOT, "streaming_mode": "False", "aux_ref_audio_paths": ["/refs/nobody.wav"]}
    answer = requests.get(f"{server_url}/tts", params=params, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["Exception"] == "unknown_voice"
    assert answer.json()["message"]


def test_call_me_names_weights_in_its_request(server_url: str) -> None:
    params = {
        "text": SAYS,
        "text_lang": "en",
        "ref_audio_path": VOICE,
        "prompt_text": "",
        "prompt_lang": "en",
        "text_split_method": "cut5",
        "streaming_mode": "true",
        "media_type": "wav",
        "gpt_weights": "formant",
        "sovits_weights": "formant",
    }
    answer = requests.get(f"{server_url}/tts", params=params, timeout=60)
    assert_speech(pcm_samples(wav_pcm(answer.content)), 22_050)
    answer = requests.get(f"{server_url}/tts", params={**params, "gpt_weights": "no-such.ckpt"}, timeout=60)
    assert (answer.status_code, answer.json()["Exception"]) == (400, "unknown_model")


def test_xiaozhi_posts_fields_that_nobody_knows(server_url: str) -> None:
    body: dict[str, Any] = {
        "text": SAYS,
        "text_lang": "auto",
        "ref_audio_path": "demo.wav",
        "aux_ref_audio_paths": [],
        "prompt_text": "",
        "prompt_lang": "zh",
        "top_k": 5,
        "top_p": 1,
        "temperature": 1,
        "text_split_method": "cut0",
        "batch_size": 1,
        "batch_threshold": 0.75,
        "split_bucket": True,
        "return_fragment": False,
        "speed_factor": 1.0,
        "streaming_mode": False,
        "seed": -1,
        "parallel_infer": True,
        "repetition_penalty": 1.35,
    }
    answer = requests.post(f"{server_url}/tts", json=body, timeout=60)
    assert answer.status_code == 200
    assert_file(answer.content, at_least_s=1.0)


def test_livetalking_opens_each_chunk_as_one_ogg_file(server_url: str) -> None:
    body: dict[str, Any] = {
        "text": f"{SAYS} {SAYS} {SAYS}",
        "text_lang": "en",
        "ref_audio_path": VOICE,
        "prompt_text": "What it says.",
        "prompt_lang": "zh",
        "media_type": "ogg",
        "streaming_mode": True,
    }
    lengths = []
    with requests.post(f"{server_url}/tts", json=body, stream=True, timeout=60) as answer:
        assert answer.status_code == 200
        for chunk in answer.iter_content(chunk_size=None):
            samples, rate_hz = read_ogg(chunk)
            lengths.append(len(samples) / rate_hz)
    assert len(lengths) > 2
    assert sum(lengths) > 3.0


def test_videolingo_asks_whether_it_is_there_and_saves_a_file(server_url: str) -> None:
    assert requests.get(f"{server_url}/ping", timeout=5).status_code == 200
    body: dict[str, Any] = {
        "text": SAYS,
        "text_lang": "en",
        "ref_audio_path": VOICE,
        "prompt_lang": "en",
        "prompt_text": "What it says.",
        "speed_factor": 1.0,
    }
    answer = requests.post(f"{server_url}/tts", json=body, timeout=60)
    assert answer.status_code == 200
    assert_file(answer.content, at_least_s=1.0)


def test_pyvideotrans_may_leave_the_prompts_language_empty(server_url: str) -> None:
    body: dict[str, Any] = {
        "text": SAYS,
        "text_lang": "en",
        "ref_audio_path": VOICE,
        "prompt_text": "What it says.",
        "prompt_lang": "",
        "speed_factor": 1.0,
        "text_split_method": "cut5",
    }
    answer = requests.post(f"{server_url}/tts", json=body, timeout=3600)
    assert answer.status_code == 200
    assert_file(answer.content, at_least_s=1.0)


async def test_neko_streams_with_a_seed_that_repeats(server_url: str) -> None:
    query = {
        **VTUBER,
        "streaming_mode": "true",
        "top_k": "15",
        "top_p": "1.0",
        "temperature": "1.0",
        "seed": "42",
    }
    heard = []
    async with httpx.AsyncClient(timeout=120) as client:
        for _ in range(2):
            async with client.stream("GET", f"{server_url}/tts", params=query) as answer:
                assert answer.status_code == 200
                heard.append(b"".join([part async for part in answer.aiter_bytes()]))
    assert heard[0] == heard[1]
    assert_speech(pcm_samples(wav_pcm(heard[0])), 22_050, at_least_s=1.0)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/etc/no-such-file.wav",
        "../../../../etc/shadow",
        "file:///etc/hostname",
        "..%2f..%2fetc%2fpasswd",
        "\\\\host\\share\\x.wav",
    ],
)
def test_a_path_that_is_no_voice_tells_nothing_of_files(server_url: str, path: str) -> None:
    query = urllib.parse.urlencode({**VTUBER, "ref_audio_path": path})
    nobody = urllib.parse.urlencode({**VTUBER, "ref_audio_path": "nobody.wav"})
    answers = []
    for one in (query, nobody):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(f"{server_url}/tts?{one}", timeout=60)
        answers.append((error.value.code, json.loads(error.value.read())))
    assert answers[0] == answers[1]
    assert answers[0][0] == 400
