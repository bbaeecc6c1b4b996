"""A speech that was cut off goes on with exactly the samples that its listener lacks."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.form import Form
from deployments.http.resumption import Place, Rest
from deployments.http.service import Service
from tests.support.decoding import decode
from tests.unit.http.fakes import FakeSource, FakeSpeech
from tests.unit.keys.support import add_key
from tts_core.audio.formats import AudioFormat
from tts_core.errors import OffsetBeyondEnd, SegmentFailed

SPEAK = "/v1/audio/speech"
HELLO = {"input": "Hello there.", "voice": "en-us", "response_format": "pcm"}
RESUME_FROM = "X-Resume-From-Sample"


async def speak(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    headers = {"X-Request-Id": uuid.uuid4().hex, **changes.pop("headers", {})}
    answer = await client.post(SPEAK, json={**HELLO, **changes}, headers=headers)
    assert answer.status_code == 200
    return answer


def url_of(answer: httpx.Response) -> str:
    """Return where an answer can be gone on with. Serve tells its name; here only the request does."""
    return f"{SPEAK}/{answer.request.headers['X-Request-Id']}"


async def resume(
    client: httpx.AsyncClient, begun: httpx.Response, from_sample: int | str, **changes: Any
) -> httpx.Response:
    """Ask for the same again, as the first answer's headers say."""
    said = {name: begun.headers[name] for name in ("X-Seed", "X-Fingerprint")}
    headers = {**said, RESUME_FROM: str(from_sample), **changes.pop("headers", {})}
    return await client.post(SPEAK, json={**HELLO, **changes}, headers=headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


class Noise(FakeSpeech):
    """Speaks noise at any rate, in chunks of any size."""

    def __init__(self, rate_hz: int, sizes: list[int]) -> None:
        super().__init__(FakeSource())
        noise = np.random.default_rng(7).integers(-9000, 9000, sum(sizes)).astype("<i2")
        self.pcm, self.rate_hz = noise.tobytes(), rate_hz
        ends = [2 * end for end in np.cumsum(sizes).tolist()]
        self._source.pieces = [self.pcm[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]

    @property
    def sample_rate_hz(self) -> int:
        return self.rate_hz


@settings(max_examples=80, deadline=None)
@given(
    rates=st.sampled_from([(22_050, 24_000), (32_000, 24_000), (24_000, 24_000), (32_000, 48_000)]),
    sizes=st.lists(st.integers(1, 4000), min_size=1, max_size=5),
    share=st.floats(0, 1),
)
def test_the_rest_is_the_rest_to_the_byte_at_any_rate(
    rates: tuple[int, int], sizes: list[int], share: float
) -> None:
    engine_hz, rate_hz = rates
    form = Form(AudioFormat.PCM, rate_hz)
    encoder = form.encoder(engine_hz)
    whole = encoder.encode(Noise(engine_hz, sizes).pcm) + encoder.finish()
    heard = max(1, round(share * (len(whole) // 2)))
    place = Place.of(heard, engine_hz, rate_hz)

    async def rest_of() -> bytes:
        rest, data = Rest(Noise(engine_hz, sizes), place), b""
        await rest.find(rate_hz)
        encoder = form.encoder_of_rest(engine_hz, place.num_skipped)
        async for chunk in rest.chunks():
            assert len(chunk.pcm) // 2 == chunk.num_samples > 0
            data += encoder.encode(chunk.pcm)
        return data + encoder.finish()

    assert asyncio.run(rest_of()) == whole[2 * heard :]


@pytest.mark.parametrize(("engine_hz", "rate_hz"), [(22_050, 24_000), (32_000, 24_000), (24_000, 24_000)])
async def test_a_place_is_beyond_the_end_exactly_where_there_is_no_such_sample(
    engine_hz: int, rate_hz: int
) -> None:
    for num_samples in range(990, 1010):
        total = -(-num_samples * rate_hz // engine_hz)
        await Rest(Noise(engine_hz, [num_samples]), Place.of(total, engine_hz, rate_hz)).find(rate_hz)
        with pytest.raises(OffsetBeyondEnd, match=str(total)):
            await Rest(Noise(engine_hz, [num_samples]), Place.of(total + 1, engine_hz, rate_hz)).find(rate_hz)


async def test_what_was_heard_is_acknowledged_at_once_so_that_nobody_waits_for_it() -> None:
    speech = Noise(24_000, [1000] * 4)
    rest = Rest(speech, Place.of(2500, 24_000, 24_000))
    await rest.find(24_000)
    assert speech.delivered == [1000, 2000, 2500]
    rest.acknowledge(700)
    assert speech.delivered[-1] == 3200


@pytest.mark.parametrize(("name", "num_header"), [("pcm", 0), ("wav", 44)])
@pytest.mark.parametrize("heard", [0, 1, 2399, 12_345, 38_399, 38_400])
async def test_repeated_with_its_headers_a_request_gives_the_rest(
    client: httpx.AsyncClient, name: str, num_header: int, heard: int
) -> None:
    whole = await speak(client, response_format=name)
    assert whole.headers["X-Sample-Rate"] == "24000"
    rest = await resume(client, whole, heard, response_format=name)
    assert rest.status_code == 200
    assert whole.content[: num_header + 2 * heard if heard else 0] + rest.content == whole.content
    assert rest.headers.get("X-Resumed-From-Sample") == (str(heard) if heard else None)
    assert rest.headers["X-Fingerprint"] == whole.headers["X-Fingerprint"]


async def test_pages_of_other_origins_may_read_what_to_come_back_with(client: httpx.AsyncClient) -> None:
    whole = await speak(client, headers={"Origin": "http://chat.example"})
    exposed = whole.headers["access-control-expose-headers"].split(", ")
    assert {"X-Request-Id", "X-Seed", "X-Sample-Rate", "X-Fingerprint"} <= set(exposed)


@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac"])
async def test_the_rest_in_other_formats_is_a_file_of_its_own(client: httpx.AsyncClient, name: str) -> None:
    whole = await speak(client)
    rest = await resume(client, whole, 24_000, response_format=name)
    samples, rate_hz = decode(rest.content)
    assert len(samples) / rate_hz == pytest.approx(0.6, abs=0.15)


async def test_a_seed_that_was_drawn_is_the_one_that_is_gone_on_with(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    whole = await speak(client)
    await resume(client, whole, 5)
    assert source.requests[0].seed == source.requests[1].seed == int(whole.headers["X-Seed"])


@pytest.mark.parametrize(
    "changes",
    [{"input": "Hello, you."}, {"voice": "alloy"}, {"speed": 1.1}, {"headers": {"X-Seed": "1"}}],
)
async def test_another_request_is_not_gone_on_with(
    client: httpx.AsyncClient, source: FakeSource, changes: dict[str, Any]
) -> None:
    whole = await speak(client, seed=0)
    assert code(await resume(client, whole, 5, **changes)) == (409, "speech_changed")
    assert source.speeches[-1].closed


async def test_a_model_that_was_replaced_does_not_go_on(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    whole = await speak(client)
    source.fingerprint = "other weights"
    assert code(await resume(client, whole, 5)) == (409, "speech_changed")
    assert code(await client.get(url_of(whole))) == (409, "speech_changed")
    assert all(speech.closed for speech in source.speeches)


async def test_beyond_the_end_there_is_nothing(client: httpx.AsyncClient, source: FakeSource) -> None:
    whole = await speak(client)
    assert code(await resume(client, whole, 38_401)) == (416, "offset_beyond_end")
    assert source.speeches[-1].closed


async def test_a_speech_that_fails_on_the_way_there_has_a_status(
    client: httpx.AsyncClient, source: FakeSource
) -> None:
    whole = await speak(client)
    source.pieces, source.breaks_with = source.pieces[:1], SegmentFailed("broke")
    assert code(await resume(client, whole, 20_000)) == (500, "segment_failed")
    assert source.speeches[-1].closed


@pytest.mark.parametrize("value", ["", "-1", "1.5", "x", "٣", "9" * 20])
async def test_an_offset_is_a_whole_number(client: httpx.AsyncClient, value: str) -> None:
    whole = await speak(client)
    answer = await client.post(
        SPEAK,
        json=HELLO,
        headers=[
            (b"X-Resume-From-Sample", value.encode()),
            (b"X-Seed", whole.headers["X-Seed"].encode()),
            (b"X-Fingerprint", whole.headers["X-Fingerprint"].encode()),
        ],
    )
    if value.isascii():
        assert code(answer) == (400, "invalid_parameter")


@pytest.mark.parametrize("name", ["X-Seed", "X-Fingerprint"])
async def test_what_to_go_on_with_must_be_said(client: httpx.AsyncClient, name: str) -> None:
    headers = {RESUME_FROM: "5", "X-Seed": "1", "X-Fingerprint": "f"}
    del headers[name]
    answer = await client.post(SPEAK, json=HELLO, headers=headers)
    assert (*code(answer), answer.json()["error"]["param"]) == (400, "invalid_parameter", name)


@pytest.mark.parametrize(("name", "num_header"), [("pcm", 0), ("wav", 44)])
@pytest.mark.parametrize("heard", [0, 2399, 12_345, 38_400])
async def test_by_its_name_a_speech_goes_on_from_the_segment_that_was_heard(
    client: httpx.AsyncClient, source: FakeSource, name: str, num_header: int, heard: int
) -> None:
    whole = await speak(client, response_format=name)
    rest = await client.get(f"{url_of(whole)}?from_sample={heard}")
    assert rest.headers["content-type"] == whole.headers["content-type"]
    assert whole.content[: num_header + 2 * heard if heard else 0] + rest.content == whole.content
    # Segments begin after 0.1 and 0.6 s: at 2400 and 14400.
    assert source.requests[-1].first_segment == {0: 0, 2399: 0, 12_345: 1, 38_400: 2}[heard]
    assert source.speeches[-1].closed


async def test_one_name_is_good_for_many_times(client: httpx.AsyncClient) -> None:
    whole = await speak(client)
    for heard in (20_000, 3000, 30_000):
        rest = await client.get(f"{url_of(whole)}?from_sample={heard}")
        assert rest.content == whole.content[2 * heard :]


async def test_events_go_on_as_bare_audio(client: httpx.AsyncClient) -> None:
    whole = await speak(client)
    events = await speak(client, stream_format="sse")
    rest = await client.get(f"{url_of(events)}?from_sample=9")
    assert rest.content == whole.content[18:]


@pytest.mark.parametrize("query", ["from_sample=-1", "from_sample=x", "from_sample=1.5"])
async def test_a_bad_offset_in_a_query_is_named(client: httpx.AsyncClient, query: str) -> None:
    whole = await speak(client)
    answer = await client.get(f"{url_of(whole)}?{query}")
    assert (*code(answer), answer.json()["error"]["param"]) == (400, "invalid_parameter", "from_sample")


async def test_an_unknown_name_is_404(client: httpx.AsyncClient) -> None:
    assert code(await client.get(f"{SPEAK}/nobody")) == (404, "unknown_speech")


@pytest.fixture
async def guarded(source: FakeSource, tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, list[str]]]:
    path = tmp_path / "keys.yaml"
    tokens = [add_key(path, name) for name in ("alice", "bob")]
    tokens.append(add_key(path, "carol", scopes=["voices"]))
    app = create_app(Service(IngressArgs(keys=str(path)), source, transport_holds_back=True))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        yield client, tokens


async def test_only_the_key_that_began_a_speech_goes_on_with_it(
    guarded: tuple[httpx.AsyncClient, list[str]],
) -> None:
    client, (alice, bob, carol) = guarded
    whole = await speak(client, headers={"Authorization": f"Bearer {alice}"})
    url = url_of(whole)
    rest = await client.get(url, headers={"Authorization": f"Bearer {alice}"})
    assert rest.content == whole.content
    strange = await client.get(url, headers={"Authorization": f"Bearer {bob}"})
    unknown = await client.get(f"{url}x", headers={"Authorization": f"Bearer {bob}"})
    assert code(strange) == code(unknown) == (404, "unknown_speech")
    assert code(await client.get(url, headers={"Authorization": f"Bearer {carol}"})) == (
        403,
        "insufficient_scope",
    )
    assert code(await client.get(url)) == (401, "missing_api_key")


async def test_tts_goes_on_at_its_own_rate(client: httpx.AsyncClient, source: FakeSource) -> None:
    query = {"text": "Hello.", "text_lang": "en", "ref_audio_path": "en-us", "media_type": "raw"}
    whole = await client.get("/tts", params={**query, "streaming_mode": "1"})
    assert whole.headers["X-Sample-Rate"] == "22050"
    headers = {name: whole.headers[name] for name in ("X-Seed", "X-Fingerprint")} | {RESUME_FROM: "777"}
    rest = await client.get("/tts", params={**query, "streaming_mode": "1"}, headers=headers)
    assert rest.content == whole.content[2 * 777 :]
    refused = await client.get("/tts", params=query, headers=headers)
    assert (refused.status_code, refused.json()["Exception"]) == (400, "invalid_parameter")
