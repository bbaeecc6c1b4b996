from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from benchmarks.load import failures
from benchmarks.load.corpus import Sentence
from benchmarks.load.decoding import UndecodableAudio
from benchmarks.load.dialects import endpoint, request_body, request_headers
from benchmarks.load.schedule import Plan
from benchmarks.load.settings import Api, Chaos, LoadSettings, Pace, SettingsError, Target, is_loopback

PLAN = Plan(0, Sentence("Guten Tag.", "de"), "anna")


@pytest.mark.parametrize(
    ("api", "url", "expected"),
    [
        ("openai", "http://localhost:8000", "http://localhost:8000/v1/audio/speech"),
        ("openai", "http://localhost:8000/", "http://localhost:8000/v1/audio/speech"),
        ("openai", "http://localhost:8000/v1/", "http://localhost:8000/v1/audio/speech"),
        ("openai", "http://localhost/speech/v1", "http://localhost/speech/v1/audio/speech"),
        ("openai", "http://localhost/v1/audio/speech", "http://localhost/v1/audio/speech"),
        ("api_v2", "http://localhost:9880", "http://localhost:9880/tts"),
        ("api_v2", "http://localhost:9880/tts", "http://localhost:9880/tts"),
    ],
)
def test_the_route_is_added_where_it_lacks(api: Api, url: str, expected: str) -> None:
    assert endpoint(Target(url, api, "wav")) == expected


def test_openai_body() -> None:
    target = Target("http://[::1]:1", audio_format="opus", model="m", extra={"seed": 7, "model": "n"})
    assert request_body(target, PLAN) == {
        "model": "n",
        "input": "Guten Tag.",
        "voice": "anna",
        "response_format": "opus",
        "seed": 7,
    }


def test_api_v2_body() -> None:
    body = request_body(Target("http://127.0.0.1", "api_v2", "pcm", streaming_mode=2), PLAN)
    assert (body["text"], body["text_lang"], body["ref_audio_path"]) == ("Guten Tag.", "de", "anna")
    assert (body["media_type"], body["streaming_mode"]) == ("raw", 2)
    fast = Target("http://127.0.0.1", "api_v2", "pcm", streaming_mode=1, low_latency=True)
    assert request_body(fast, PLAN)["streaming_mode"] == 3


def test_headerless_pcm_has_the_rate_of_its_dialect_unless_told() -> None:
    assert Target("http://127.0.0.1").pcm_rate_hz == 24_000
    assert Target("http://127.0.0.1", "api_v2").pcm_rate_hz == 32_000
    assert Target("http://127.0.0.1", raw_rate_hz=48_000).pcm_rate_hz == 48_000


def test_the_api_key_is_sent_and_never_written() -> None:
    target = Target("http://127.0.0.1", api_key="hush")
    assert request_headers(target)["Authorization"] == "Bearer hush"
    settings = LoadSettings(target, Pace(concurrency=1, num_requests=1))
    assert "hush" not in json.dumps(settings.describe()) + repr(settings)


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost", True),
        ("http://speech.localhost", True),
        ("http://192.168.1.5", False),
        ("http://0.0.0.0", False),
        ("http://localhost.example.org", False),
        ("https://127.0.0.1.example.org", False),
        ("http://user@127.0.0.1@example.org", False),
    ],
)
def test_only_this_machine_is_loaded_unless_told(url: str, is_local: bool) -> None:
    assert is_loopback(url) is is_local
    Target(url, allow_remote=True)
    if not is_local:
        with pytest.raises(SettingsError, match="--allow-remote"):
            Target(url)


@pytest.mark.parametrize(
    "pace",
    [
        {},
        {"rate": 1.0},
        {"rate": 1.0, "duration_s": 1.0, "concurrency": 1},
        {"rate": 0.0, "duration_s": 1.0},
        {"burst": 8},
        {"rounds": 2},
        {"burst": 0, "rounds": 1},
        {"burst": 8, "rounds": 1, "num_requests": 8},
    ],
)
def test_half_a_pace_is_refused(pace: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Pace(**pace)


@pytest.mark.parametrize(
    "target",
    [
        {"url": "127.0.0.1:8000"},
        {"audio_format": "ogg"},
        {"api": "api_v2", "audio_format": "mp3"},
        {"api": "v3"},
        {"voices": ()},
        {"ignore_eos": True},
        {"api": "api_v2", "audio_format": "wav", "max_tokens": 50},
    ],
)
def test_a_target_that_makes_no_sense_is_refused(target: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Target(**{"url": "http://127.0.0.1", **target})


def test_shares_beyond_everyone_are_refused() -> None:
    with pytest.raises(SettingsError):
        Chaos(stall_after_bytes=1, stall_share=0.6, hangup_after_bytes=1, hangup_share=0.6)


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"code": "overloaded", "message": "full"}}, "overloaded", "full"),
        ({"error": {"code": None, "type": "server_error", "message": "x"}}, "server_error", "x"),
        ({"error": "flat"}, "http_429", "flat"),
        ({"message": "tts failed", "Exception": "boom"}, "tts failed", "tts failed: boom"),
        ({"message": "no 'x'", "Exception": "unknown_voice"}, "unknown_voice", "no 'x': unknown_voice"),
        ({"message": "text is required"}, "text is required", "text is required"),
        ({"detail": [{"loc": ["body"]}]}, "http_429", "[{'loc': ['body']}]"),
        ([1], "http_429", "[1]"),
    ],
)
def test_refusals_are_named_by_their_body(body: Any, code: str, message: str) -> None:
    assert failures.from_body(429, json.dumps(body).encode()) == (code, message)


def test_a_refusal_that_is_no_json_is_named_by_its_status() -> None:
    assert failures.from_body(502, b"<h1>Bad \xff gateway</h1>").code == "http_502"


@pytest.mark.parametrize(
    ("error", "has_bytes", "code"),
    [
        (aiohttp.ClientPayloadError("cut"), True, "truncated"),
        (aiohttp.ServerDisconnectedError(), False, "connection_lost"),
        (ConnectionResetError(), True, "truncated"),
        (aiohttp.SocketTimeoutError(), True, "read_timeout"),
        (aiohttp.ConnectionTimeoutError(), False, "connect_timeout"),
        (UndecodableAudio("no"), True, "undecodable"),
        (KeyError("oops"), False, "generator_error"),
    ],
)
def test_exceptions_are_named(error: Exception, has_bytes: bool, code: str) -> None:
    assert failures.from_exception(error, has_bytes=has_bytes).code == code
