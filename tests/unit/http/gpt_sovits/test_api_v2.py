"""The api_v2 dialect at its edge: strings for everything, empty for absent, errors in its own two keys."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.decoding import decode, wav_pcm
from tests.unit.http.fakes import RATE_HZ, FakeSource, tone
from tts_core.errors import Overloaded

HELLO = {"text": "Hello there.", "text_lang": "en", "ref_audio_path": "en-us"}


async def test_a_whole_wav_has_its_exact_length(client: httpx.AsyncClient) -> None:
    answer = await client.post("/tts", json=HELLO)
    assert answer.headers["content-type"] == "audio/wav"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert int.from_bytes(answer.content[40:44], "little") == len(answer.content) - 44
    samples, rate_hz = decode(answer.content)
    assert rate_hz == RATE_HZ
    assert len(samples) / rate_hz == pytest.approx(1.6, abs=0.001)


@pytest.mark.parametrize("mode", [True, 1, 2, 3, "true", "True", "1", "yes"])
async def test_streamed_samples_are_the_whole_ones(client: httpx.AsyncClient, mode: Any) -> None:
    whole = await client.post("/tts", json=HELLO)
    streamed = await client.post("/tts", json={**HELLO, "streaming_mode": mode})
    assert "content-length" not in streamed.headers
    assert wav_pcm(streamed.content) == wav_pcm(whole.content)


@pytest.mark.parametrize("mode", [0, 1, 2, 3, "3", True, "", "true"])
async def test_the_fastest_mode_and_no_other_asks_for_low_latency(
    client: httpx.AsyncClient, source: FakeSource, mode: Any
) -> None:
    await client.post("/tts", json={**HELLO, "streaming_mode": mode})
    await client.get("/tts", params={**HELLO, "streaming_mode": str(mode)})
    assert [request.low_latency for request in source.requests] == [mode in (3, "3")] * 2


@pytest.mark.parametrize("mode", [False, 0, "false", "False", "0", "no", ""])
async def test_not_streaming_has_many_names(client: httpx.AsyncClient, mode: Any) -> None:
    answer = await client.post("/tts", json={**HELLO, "streaming_mode": mode})
    assert "content-length" in answer.headers


async def test_get_takes_the_same_parameters_and_ignores_the_rest(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    query = {
        **HELLO,
        "speed_factor": "1.5",
        "seed": "9",
        "aux_ref_audio_paths": "",
        "top_k": "5",
        "text_lang": "EN",
    }
    answer = await client.get("/tts", params=query)
    assert answer.status_code == 200
    request = source.requests[0]
    assert (request.speed, request.seed, request.language) == (1.5, 9, "en")


async def test_each_chunk_of_an_ogg_stream_is_a_file(client: httpx.AsyncClient, source: FakeSource) -> None:
    answer = await client.post("/tts", json={**HELLO, "media_type": "ogg", "streaming_mode": True})
    assert answer.content.count(b"OpusHead") >= len(source.pieces)


async def test_null_and_empty_mean_absent(client: httpx.AsyncClient, source: FakeSource) -> None:
    empty = dict.fromkeys(("seed", "speed_factor", "top_k", "media_type", "streaming_mode"), "")
    assert (await client.get("/tts", params={**HELLO, **empty})).status_code == 200
    assert (await client.post("/tts", json={**HELLO, **dict.fromkeys(empty)})).status_code == 200
    assert source.requests[0].speed == source.requests[1].speed == 1.0


async def test_a_whole_answer_has_a_limit_and_leaves_nothing_open(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    source.pieces = [tone(1.0)] * 4
    answer = await client.post("/tts", json=HELLO)
    assert (answer.status_code, answer.json()["Exception"]) == (400, "input_too_long")
    assert source.speeches[0].closed
    assert (await client.post("/tts", json={**HELLO, "streaming_mode": 1})).status_code == 200


async def test_a_method_it_lacks_is_told_in_its_own_shape(client: httpx.AsyncClient) -> None:
    answer = await client.put("/tts")
    assert (answer.status_code, answer.json()["Exception"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(("media_type", "content_type"), [("raw", "audio/raw"), ("aac", "audio/aac")])
async def test_media_types(client: httpx.AsyncClient, media_type: str, content_type: str) -> None:
    for mode in (0, 1):
        answer = await client.post("/tts", json={**HELLO, "media_type": media_type, "streaming_mode": mode})
        assert answer.headers["content-type"] == content_type
        assert len(answer.content) > 1000


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"text": ""}, 400, "empty_input"),
    ({"text_lang": ""}, 400, "invalid_parameter"),
    ({"ref_audio_path": ""}, 400, "invalid_parameter"),
    ({"ref_audio_path": "../../etc/passwd"}, 400, "unknown_voice"),
    ({"streaming_mode": "ture"}, 400, "invalid_parameter"),
    ({"streaming_mode": 4}, 400, "invalid_parameter"),
    ({"media_type": "mp3"}, 400, "unsupported_format"),
    ({"text_split_method": "cut9"}, 400, "invalid_parameter"),
    ({"fragment_interval": -1}, 400, "invalid_parameter"),
    ({"top_k": "x"}, 400, "invalid_parameter"),
    ({"speed_factor": -1}, 400, "invalid_parameter"),
    ({"speed_factor": "nan"}, 400, "invalid_parameter"),
    ({"seed": "x"}, 400, "invalid_parameter"),
    ({"text": ["a"]}, 400, "invalid_parameter"),
]


@pytest.mark.parametrize(("changes", "status", "code"), BAD)
async def test_errors_have_the_two_keys_that_clients_read(
    client: httpx.AsyncClient, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await client.post("/tts", json={**HELLO, **changes})
    assert answer.status_code == status
    assert answer.json().keys() == {"message", "Exception"}
    assert answer.json()["Exception"] == code


async def test_get_without_parameters_is_an_error_not_a_crash(client: httpx.AsyncClient) -> None:
    assert (await client.get("/tts")).status_code == 400


async def test_full_says_when_to_come_back(client: httpx.AsyncClient, source: FakeSource) -> None:
    source.refuses_with = Overloaded("full", retry_after_s=3)
    answer = await client.post("/tts", json=HELLO)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.json()["Exception"] == "overloaded"
