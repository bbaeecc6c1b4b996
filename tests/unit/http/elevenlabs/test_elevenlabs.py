"""ElevenLabs' HTTP dialect over a source whose every sample is known."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.elevenlabs.framing import MAX_LINE_BYTES
from deployments.http.elevenlabs.telephony import LawEncoder, mu_law
from deployments.http.service import Service
from tests.support.decoding import decode
from tests.unit.http.fakes import RATE_HZ, FakeSource
from tests.unit.keys.support import add_key
from tts_core.errors import Overloaded, SegmentFailed
from tts_core.frontend.words import words_of
from tts_core.timing.marks import TextMark, WordMark

SPEAK = "/v1/text-to-speech/en-us"
TEXT = "Hello there. Bye!"
BODY = {"text": TEXT, "model_id": "tts-1", "voice_settings": {"stability": 0.5, "speed": 1.5}, "seed": 7}
OWN_RATE = f"output_format=pcm_{RATE_HZ}"
DURATION_S = 1.6


@pytest.fixture(autouse=True)
def words(source: FakeSource) -> None:
    """Half a second for each of the first two words, and a second for the last."""
    first, second = TEXT[:13], TEXT[13:]
    source.cues = [
        TextMark(0, words_of(first)),
        WordMark(0, 0),
        WordMark(round(0.3 * RATE_HZ), 6),
        TextMark(round(0.6 * RATE_HZ), words_of(second, start=13)),
        WordMark(round(0.6 * RATE_HZ), 13),
    ]


@pytest.mark.parametrize("path", [SPEAK, f"{SPEAK}/stream"])
async def test_a_text_is_spoken(client: httpx.AsyncClient, source: FakeSource, path: str) -> None:
    answer = await client.post(f"{path}?{OWN_RATE}", json={**BODY, "use_pvc_as_ivc": True})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/pcm")
    assert answer.content == b"".join(source.pieces)
    (request,) = source.requests
    assert (request.model, request.voice, request.speed, request.seed) == ("formant", "en-us", 1.5, 7)
    assert (request.low_latency, request.is_timed) == (False, False)


async def test_what_stands_in_the_address_counts(client: httpx.AsyncClient, source: FakeSource) -> None:
    """LiveKit's plugin puts the model there, and a latency that it may have none of."""
    for latency in ("4", "None"):
        query = f"model_id=other&{OWN_RATE}&optimize_streaming_latency={latency}"
        assert (await client.post(f"{SPEAK}/stream?{query}", json={"text": TEXT})).status_code == 200
    assert [(request.model, request.low_latency) for request in source.requests] == [
        ("other", True),
        ("other", False),
    ]


@pytest.mark.parametrize(
    ("name", "media_type", "rate_hz"),
    [
        ("mp3_44100_128", "audio/mpeg", 44_100),
        ("mp3_22050_32", "audio/mpeg", 22_050),
        ("opus_48000_64", "audio/ogg", 48_000),
        ("wav_16000", "audio/wav", 16_000),
        (None, "audio/mpeg", 44_100),
    ],
)
async def test_formats(client: httpx.AsyncClient, name: str | None, media_type: str, rate_hz: int) -> None:
    params = {} if name is None else {"output_format": name}
    answer = await client.post(SPEAK, json={"text": TEXT}, params=params)
    assert answer.headers["content-type"] == media_type
    samples, found_hz = decode(answer.content)
    assert found_hz == rate_hz
    assert len(samples) / rate_hz == pytest.approx(DURATION_S, abs=0.15)


async def test_telephony(client: httpx.AsyncClient, source: FakeSource) -> None:
    name = {"X-Request-Id": "call"}
    answer = await client.post(f"{SPEAK}?output_format=ulaw_8000", json={"text": TEXT}, headers=name)
    encoder = LawEncoder(mu_law, RATE_HZ)
    whole = encoder.encode(b"".join(source.pieces)) + encoder.finish()
    assert (answer.headers["content-type"], answer.content) == ("audio/basic", whole)
    rest = await client.get("/v1/audio/speech/call?from_sample=3000")
    assert rest.content == whole[3000:]


@pytest.mark.parametrize("name", ["mp3_1_128", "mp3_48001_128", "flac_44100", "ulaw_16000", "pcm_96000", "x"])
async def test_a_format_that_there_isnt_is_refused(
    client: httpx.AsyncClient, source: FakeSource, name: str
) -> None:
    answer = await client.post(SPEAK, json={"text": TEXT}, params={"output_format": name})
    assert (answer.status_code, answer.json()["detail"]["status"]) == (400, "unsupported_format")
    assert source.requests == []


@pytest.mark.parametrize(
    ("path", "changes", "status", "code"),
    [
        ("/v1/text-to-speech/nobody", {}, 404, "unknown_voice"),
        (SPEAK, {"model_id": "eleven_unheard_of"}, 404, "unknown_model"),
        (SPEAK, {"text": " "}, 400, "empty_input"),
        (SPEAK, {"text": 5}, 400, "invalid_parameter"),
        (SPEAK, {"voice_settings": {"speed": 9}}, 400, "invalid_parameter"),
        (f"{SPEAK}/nothing", {}, 404, "not_found"),
    ],
)
async def test_errors_are_told_where_its_clients_look(
    client: httpx.AsyncClient, path: str, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await client.post(path, json={**BODY, **changes})
    assert (answer.status_code, answer.headers["x-error-code"]) == (status, code)
    detail = answer.json()["detail"]
    assert (detail["status"], detail["code"]) == (code, code)
    assert detail["message"]


async def test_a_full_server_says_when_to_come_back(client: httpx.AsyncClient, source: FakeSource) -> None:
    source.refuses_with = Overloaded("full", retry_after_s=3)
    answer = await client.post(f"{SPEAK}/stream/with-timestamps", json=BODY)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


def assert_aligned(told: list[dict[str, Any]]) -> None:
    """Every character once, in order, each from where the one before ends."""
    chars = [char for one in told for char in one["characters"]]
    starts = [second for one in told for second in one["character_start_times_seconds"]]
    ends = [second for one in told for second in one["character_end_times_seconds"]]
    assert "".join(chars) == TEXT
    assert starts == [0.0, *ends[:-1]]
    assert ends == sorted(ends)
    assert [starts[TEXT.index(word)] for word in ("there", "Bye")] == pytest.approx([0.3, 0.6], abs=0.02)
    assert ends[-1] == pytest.approx(DURATION_S, abs=0.02)


async def test_whole_with_timestamps(client: httpx.AsyncClient, source: FakeSource) -> None:
    source.pieces[0] += bytes(26)  # no longer by threes, as base64 goes, nor whole milliseconds
    answer = await client.post(f"{SPEAK}/with-timestamps?{OWN_RATE}", json=BODY)
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert base64.b64decode(told["audio_base64"], validate=True) == b"".join(source.pieces)
    assert told["normalized_alignment"] == told["alignment"]
    assert_aligned([told["alignment"]])
    end_s = told["alignment"]["character_end_times_seconds"][-1]
    assert end_s <= len(b"".join(source.pieces)) / 2 / RATE_HZ
    assert source.requests[0].is_timed


async def test_streamed_with_timestamps(client: httpx.AsyncClient, source: FakeSource) -> None:
    answer = await client.post(f"{SPEAK}/stream/with-timestamps?{OWN_RATE}", json=BODY)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    audio = [base64.b64decode(line["audio_base64"]) for line in lines]
    assert b"".join(audio) == b"".join(source.pieces)
    # Samples are whole, none is waited for in vain, and no line is longer than its readers take.
    assert all(0 < len(piece) <= MAX_LINE_BYTES and len(piece) % 2 == 0 for piece in audio)
    assert_aligned([line["alignment"] for line in lines if line["alignment"]])
    assert lines[1]["alignment"] is not None  # while there is more to come


async def test_who_comes_back_gets_the_rest_of_bare_audio_alone(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    begun = await client.post(f"{SPEAK}?{OWN_RATE}", json=BODY)
    told = {name: begun.headers[name] for name in ("X-Seed", "X-Fingerprint")}
    headers = {**told, "X-Resume-From-Sample": "1000"}
    rest = await client.post(f"{SPEAK}?{OWN_RATE}", json=BODY, headers=headers)
    assert rest.content == b"".join(source.pieces)[2000:]
    refused = await client.post(f"{SPEAK}/with-timestamps?{OWN_RATE}", json=BODY, headers=headers)
    assert (refused.status_code, refused.json()["detail"]["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize("route", ["with-timestamps", "stream/with-timestamps"])
async def test_a_speech_that_breaks_off_is_no_whole_one(source: FakeSource, route: str) -> None:
    source.breaks_with = SegmentFailed("no")
    app = create_app(Service(IngressArgs(), source, transport_holds_back=True))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://polyvox") as client:
        with pytest.raises(Exception, match="no"):
            await client.post(f"{SPEAK}/{route}", json={"text": TEXT})
    assert all(speech.closed for speech in source.speeches)


async def test_voices_are_listed_in_both_shapes(client: httpx.AsyncClient) -> None:
    labels = {"language": "en-US", "model": "formant"}
    voice = {"voice_id": "en-us", "name": "English (America)", "category": "premade", "labels": labels}
    alias = {**voice, "voice_id": "alloy", "name": "alloy (en-us+f3)"}
    assert (await client.get("/v1/voices")).json() == {"voices": [alias, voice]}
    page = {"has_more": False, "next_page_token": None}
    found = await client.get("/v2/voices?search=america&page_size=10")
    assert found.json() == {"voices": [voice], "total_count": 1, **page}


async def test_keys(source: FakeSource, tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    speaker, lister = add_key(path, "speaker", scopes=("speak",)), add_key(path, "lister", scopes=("voices",))
    args = IngressArgs(keys=str(path), public_voices=False)
    transport = httpx.ASGITransport(create_app(Service(args, source, transport_holds_back=True)))
    async with httpx.AsyncClient(transport=transport, base_url="http://polyvox") as client:
        for route in ("", "/stream", "/with-timestamps", "/stream/with-timestamps"):
            refused = await client.post(SPEAK + route, json={"text": TEXT})
            assert (refused.status_code, refused.json()["detail"]["status"]) == (401, "missing_api_key")
            for token, status in ((speaker, 200), (lister, 403)):
                header = {"xi-api-key": token}
                answer = await client.post(SPEAK + route, json={"text": TEXT}, headers=header)
                assert answer.status_code == status
        assert (await client.get("/v1/voices", headers={"xi-api-key": lister})).status_code == 200
        assert (await client.get("/v2/voices", headers={"xi-api-key": speaker})).status_code == 403
    assert set(source.payers) == {"speaker"}
