"""Each client of OpenAI's routes: its exact request, and its way of reading the answer.

What is sent was read in the clients' own sources: Open WebUI, LobeChat (@lobehub/tts), Dify's
openai_api_compatible, Pipecat acead050, LiveKit agents da6af86, Home Assistant's openai_tts 5c8b3be, AstrBot,
Open-LLM-VTuber and SillyTavern's server. Packages that can be installed speak for themselves in
`test_client_packages`.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import openai
import pytest
import requests

from tests.serve.clients.reading import SAYS, assert_file, assert_speech
from tests.support.decoding import decode, pcm_samples

BEARER = {"Authorization": "Bearer none"}
SPEECH = "/v1/audio/speech"


def test_open_webui_lists_voices_without_a_key_and_models_with_one(server_url: str) -> None:
    voices = requests.get(f"{server_url}/v1/audio/voices", timeout=10).json()["voices"]
    assert {"id", "name"} <= set(voices[0])
    models = requests.get(f"{server_url}/v1/models", headers=BEARER, timeout=10).json()["data"]
    assert "formant" in {model["id"] for model in models}


async def test_open_webui_names_no_format_and_keeps_an_mp3(server_url: str, tmp_path: Path) -> None:
    cached = tmp_path / "speech.mp3"
    payload = {"model": "tts-1", "voice": "alloy", "input": SAYS}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server_url}{SPEECH}", json=payload, headers=BEARER) as answer,
    ):
        answer.raise_for_status()
        assert answer.content_type == "audio/mpeg"
        cached.write_bytes(await answer.read())
    assert cached.read_bytes()[:2] in (b"\xff\xf3", b"\xff\xfb", b"ID")
    assert_file(cached.read_bytes(), at_least_s=1.0)


async def test_open_webui_shows_the_error_it_is_told(server_url: str) -> None:
    payload = {"model": "tts-1", "voice": "nobody", "input": SAYS}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server_url}{SPEECH}", json=payload, headers=BEARER) as answer,
    ):
        told = await answer.json()
        assert answer.status == 404
        assert "nobody" in told["error"]["message"]


def test_lobechat_takes_any_media_type(server_url: str) -> None:
    body = {"input": SAYS, "model": "tts-1", "voice": "alloy"}
    headers = {**BEARER, "Accept": "*/*", "X-Stainless-Lang": "js"}
    answer = httpx.post(f"{server_url}{SPEECH}", json=body, headers=headers, timeout=60)
    assert answer.headers["content-type"].startswith("audio/mpeg")
    assert_file(answer.content, at_least_s=1.0)


def dify(server_url: str, text: str) -> bytes:
    body = {
        "model": "tts-1",
        "input": text,
        "voice": "alloy",
        "instruction": None,
        "response_format": "mp3",
    }
    with requests.post(f"{server_url}{SPEECH}", headers=BEARER, json=body, stream=True, timeout=60) as answer:
        assert answer.status_code == 200
        return b"".join(answer.iter_content(chunk_size=4096))


def test_dify_checks_with_a_word_and_joins_pieces_of_mp3(server_url: str) -> None:
    assert_file(dify(server_url, "Test."), at_least_s=0.2)
    pieces = [dify(server_url, sentence) for sentence in (SAYS, "And this is another sentence.", SAYS)]
    lengths = [len(samples) / rate_hz for samples, rate_hz in map(decode, pieces)]
    samples, rate_hz = decode(b"".join(pieces))
    assert rate_hz == 24_000
    assert len(samples) / rate_hz == pytest.approx(sum(lengths), abs=0.2)
    assert_speech(samples[-rate_hz:], rate_hz)


PIPECAT_VOICES = [
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
]  # any other it refuses itself


@pytest.mark.parametrize("voice", PIPECAT_VOICES)
def test_pipecat_knows_thirteen_voices_and_takes_pcm_for_24_khz(server_url: str, voice: str) -> None:
    body: dict[str, Any] = {
        "input": SAYS,
        "model": "gpt-4o-mini-tts",
        "voice": voice,
        "response_format": "pcm",
    }
    if voice == "sage":
        body |= {"instructions": "Speak kindly.", "speed": 1.0}
    with httpx.stream("POST", f"{server_url}{SPEECH}", json=body, headers=BEARER, timeout=60) as answer:
        assert answer.status_code == 200
        data = b"".join(answer.iter_bytes(9600))
    assert len(data) % 2 == 0
    assert_speech(pcm_samples(data), 24_000, at_least_s=1.0)
    assert len(data) / 48_000 < 4.0


LIVEKIT = {
    "input": SAYS,
    "model": "gpt-4o-mini-tts",
    "voice": "ash",
    "response_format": "mp3",
    "speed": 1.0,
    "stream_format": "sse",
}


async def livekit(server_url: str, body: dict[str, Any]) -> tuple[str, bytes, list[dict[str, Any]]]:
    """Read by what the answer says it is, as LiveKit does. Returns that, the audio, and all other events."""
    audio, others = b"", []
    async with httpx.AsyncClient(timeout=httpx.Timeout(30)) as client:
        await client.get(f"{server_url}/v1/")  # it warms the connection up, and doesn't mind the answer
        async with client.stream("POST", f"{server_url}{SPEECH}", json=body, headers=BEARER) as answer:
            assert answer.status_code == 200
            media_type = answer.headers["content-type"].split(";")[0].strip().lower()
            if media_type != "text/event-stream":
                return media_type, b"".join([chunk async for chunk in answer.aiter_bytes()]), []
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    event = json.loads(line[6:])
                    if event["type"] == "speech.audio.delta":
                        audio += base64.b64decode(event["audio"])
                    else:
                        others.append(event)
    return media_type, audio, others


async def test_livekit_reads_events(server_url: str) -> None:
    media_type, audio, [done] = await livekit(server_url, LIVEKIT)
    assert media_type == "text/event-stream"
    assert done["type"] == "speech.audio.done"
    assert {"input_tokens", "output_tokens", "total_tokens"} <= set(done["usage"])
    assert_file(audio, at_least_s=1.0)


async def test_livekit_reads_bare_audio_of_older_models(server_url: str) -> None:
    body = {**LIVEKIT, "model": "tts-1", "stream_format": "audio"}
    media_type, audio, _ = await livekit(server_url, body)
    assert media_type == "audio/mpeg"
    assert audio == (await livekit(server_url, LIVEKIT))[1]


HOME_ASSISTANT = {"model": "tts-1", "input": SAYS, "voice": "shimmer", "response_format": "mp3", "speed": 1.0}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"instructions": "Speak like a butler.", "speed": 1.2},
        {"response_format": "opus"},  # what it streams with
        {"response_format": "wav", "chunk_size": 150, "stream": True, "extra": {"any": 1}},  # extra_payload
    ],
    ids=["mp3", "instructions", "opus", "extra_payload"],
)
async def test_home_assistant_streams_into_ffmpeg(server_url: str, changes: dict[str, Any]) -> None:
    body = {**HOME_ASSISTANT, **changes}
    timeout = aiohttp.ClientTimeout(total=60)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(f"{server_url}{SPEECH}", json=body, headers=BEARER) as answer,
    ):
        assert answer.status == 200
        data = b"".join([chunk async for chunk in answer.content.iter_any()])
    assert_file(data, at_least_s=1.0)


async def test_astrbot_streams_to_a_wav_file(server_url: str, tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    async with (
        openai.AsyncOpenAI(api_key="none", base_url=f"{server_url}/v1", timeout=20) as client,
        client.audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", response_format="wav", input=SAYS
        ) as answer,
    ):
        with path.open("wb") as file:
            async for chunk in answer.iter_bytes(chunk_size=1024):
                file.write(chunk)
    assert_file(path.read_bytes(), at_least_s=1.0)


VTUBER: dict[str, Any] = {
    "model": "tts-1",
    "voice": "nova",
    "input": SAYS,
    "response_format": "mp3",
    "speed": 1.0,
}


def test_open_llm_vtuber_streams_to_a_file(server_url: str, tmp_path: Path) -> None:
    path = tmp_path / "speech.mp3"
    with (
        openai.OpenAI(api_key="not-needed", base_url=f"{server_url}/v1", max_retries=0) as client,
        client.audio.speech.with_streaming_response.create(**VTUBER) as answer,
    ):
        answer.stream_to_file(path)
    assert_file(path.read_bytes(), at_least_s=1.0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"model": "kokoro"}, "unknown_model"), ({"voice": "af_sky+af_bella"}, "unknown_voice")],
)
def test_open_llm_vtubers_defaults_are_another_servers_names(
    server_url: str, changes: dict[str, Any], code: str
) -> None:
    with (
        openai.OpenAI(api_key="not-needed", base_url=f"{server_url}/v1", max_retries=0) as client,
        pytest.raises(openai.NotFoundError) as told,
    ):
        client.audio.speech.create(**{**VTUBER, **changes})
    assert told.value.code == code


@pytest.mark.parametrize("authorization", ["Bearer ", "Bearer none"], ids=["no key", "a key"])
def test_sillytavern_may_have_no_key(server_url: str, authorization: str) -> None:
    body: dict[str, Any] = {"input": SAYS, "response_format": "mp3", "voice": "alloy", "speed": 1}
    body["model"] = "tts-1"
    answer = requests.post(
        f"{server_url}{SPEECH}", json=body, headers={"Authorization": authorization}, timeout=60
    )
    assert answer.status_code == 200
    assert_file(answer.content, at_least_s=1.0)
