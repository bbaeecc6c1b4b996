"""Who may use which route, and what the others are told, in the shape that their dialect reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message

from deployments.config import IngressArgs
from deployments.http.app import create_app
from deployments.http.service import Service
from deployments.keys.exposure import check_exposure
from deployments.keys.key_file import KeyLimits
from tests.unit.http.fakes import FakeSource
from tests.unit.keys.support import add_key
from tts_core.errors import InvalidConfig, Overloaded

SPEAK = "/v1/audio/speech"
HELLO = {"input": "Hello there.", "voice": "en-us", "response_format": "pcm"}
TTS = {"text": "Hello there.", "text_lang": "en", "ref_audio_path": "en-us", "media_type": "raw"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.yaml"


@pytest.fixture
def token(path: Path) -> str:
    return add_key(path, "alice")


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


def connect(source: FakeSource, **args: Any) -> httpx.AsyncClient:
    app = create_app(Service(IngressArgs(**args), source, transport_holds_back=True))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://polyvox")


@pytest.fixture
async def client(source: FakeSource, path: Path, token: str) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(source, keys=str(path), cors_origins=("http://chat.example",)) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "headers",
    [
        lambda token: {"Authorization": f"Bearer {token}"},
        lambda token: {"Authorization": f"bearer  {token} "},
        lambda token: {"xi-api-key": token},
        lambda token: {"X-API-Key": token},
        lambda token: {"Authorization": "Bearer ", "xi-api-key": token},
        lambda token: {"Authorization": "Basic abc", "x-api-key": token},
    ],
)
async def test_a_key_is_taken_from_where_clients_put_it(
    client: httpx.AsyncClient, token: str, source: FakeSource, headers: Callable[[str], dict[str, str]]
) -> None:
    answer = await client.post(SPEAK, json=HELLO, headers=headers(token))
    assert answer.status_code == 200
    assert source.payers == ["alice"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_api_key"),
        ({"Authorization": "Bearer "}, "missing_api_key"),
        ({"Authorization": "Basic YTpi"}, "missing_api_key"),
        ({"Authorization": "Bearer none"}, "invalid_api_key"),
        ({"xi-api-key": "pv_alice_" + "0" * 64}, "invalid_api_key"),
    ],
)
async def test_without_a_good_key_nothing_is_spoken(
    client: httpx.AsyncClient, source: FakeSource, headers: dict[str, str], code: str
) -> None:
    answer = await client.post(SPEAK, json=HELLO, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"] == {
        "message": answer.json()["error"]["message"],
        "type": "invalid_request_error",
        "param": None,
        "code": code,
    }
    tts = await client.get("/tts", params=TTS, headers=headers)
    assert tts.status_code == 401
    assert tts.json()["Exception"] == code
    assert source.requests == []


async def test_a_key_is_asked_for_before_the_body_is_looked_at(client: httpx.AsyncClient) -> None:
    assert (await client.post(SPEAK, content=b"{")).status_code == 401


async def test_scopes_say_what_a_key_is_good_for(client: httpx.AsyncClient, path: Path) -> None:
    lister, speaker = add_key(path, "lister", scopes=("voices",)), add_key(path, "speaker", scopes=("speak",))
    admin = add_key(path, "admin", scopes=("admin",))
    async with connect(FakeSource(), keys=str(path)) as client:
        statuses = {
            name: (
                (await client.post(SPEAK, json=HELLO, headers=bearer(token))).status_code,
                (await client.get("/v1/models", headers=bearer(token))).status_code,
                (await client.get("/v1/unheard-of", headers=bearer(token))).status_code,
            )
            for name, token in (("lister", lister), ("speaker", speaker), ("admin", admin))
        }
        refused = await client.post(SPEAK, json=HELLO, headers=bearer(lister))
    assert statuses == {"lister": (403, 200, 403), "speaker": (200, 403, 403), "admin": (200, 200, 404)}
    assert refused.json()["error"]["code"] == "insufficient_scope"
    assert refused.json()["error"]["type"] == "permission_error"


async def test_every_route_asks_for_a_key_but_those_that_say_nothing(client: httpx.AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()["paths"]
    assert SPEAK in described
    asking = {path for path in described if (await client.get(path)).status_code == 401}
    # A page, and addresses that are signed for who holds them.
    by_other_means = {"/", "/infer_single/results/{token}"}
    assert set(described) - asking == {"/ping", "/healthz", "/readyz"} | by_other_means
    for path in ("/", "/docs", "/page/index.html"):
        assert (await client.get(path)).status_code == 200


async def test_voices_may_be_listed_for_everyone(source: FakeSource, path: Path, token: str) -> None:
    async with connect(source, keys=str(path), public_voices=True) as client:
        assert (await client.get("/v1/audio/voices")).status_code == 200
        assert (await client.get("/v1/models")).status_code == 200
        assert (await client.get("/v1/load")).status_code == 401
        assert (await client.post(SPEAK, json=HELLO)).status_code == 401


async def test_a_page_elsewhere_may_ask_and_read_the_refusal(client: httpx.AsyncClient) -> None:
    origin = {"Origin": "http://chat.example"}
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    assert (await client.options(SPEAK, headers={**origin, **preflight})).status_code == 200
    refused = await client.post(SPEAK, json=HELLO, headers=origin)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "http://chat.example"


@pytest.mark.parametrize(
    "trick",
    ["/page/../tts", "//tts", "/TTS", "/tts/", "/tts\x00", "/page", "/page/../v1/models", "/./tts", ""],
)
async def test_no_spelling_of_a_path_gets_round_it(source: FakeSource, path: Path, trick: str) -> None:
    add_key(path, "alice")
    app = create_app(Service(IngressArgs(keys=str(path)), source, transport_holds_back=True))
    sent: list[Any] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    query = httpx.QueryParams(TTS)
    scope = {"type": "http", "method": "GET", "path": trick, "root_path": "", "headers": []}
    await app({**scope, "query_string": str(query).encode(), "server": ("polyvox", 80)}, receive, send)
    assert sent[0]["status"] in (401, 404)
    assert source.requests == []


async def test_limits_answer_429_and_end_with_the_stream(source: FakeSource, path: Path) -> None:
    token = add_key(path, "bob", limits=KeyLimits(concurrent_streams=1, characters_per_minute=30))
    async with connect(source, keys=str(path)) as client:
        first = await client.post(SPEAK, json=HELLO, headers=bearer(token))
        source.refuses_with = Overloaded("full", retry_after_s=0.2)
        full = await client.post(SPEAK, json=HELLO, headers=bearer(token))
        source.refuses_with = None
        second = await client.post(SPEAK, json=HELLO, headers=bearer(token))
        third = await client.post(SPEAK, json=HELLO, headers=bearer(token))
    assert [answer.status_code for answer in (first, full, second, third)] == [200, 429, 200, 429]
    assert full.headers["retry-after"] == "1"
    assert full.json()["error"]["code"] == "overloaded"
    assert third.json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(third.headers["retry-after"]) <= 15
    assert all(speech.closed for speech in source.speeches)


async def test_without_keys_everyone_may_do_everything(source: FakeSource) -> None:
    async with connect(source) as client:
        assert (await client.post(SPEAK, json=HELLO)).status_code == 200
        assert (await client.post(SPEAK, json=HELLO, headers=bearer("none"))).status_code == 200
        assert (await client.get("/v1/unheard-of")).status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.3", "example.org", ""])
def test_a_server_isnt_open_to_strangers_by_mistake(host: str) -> None:
    with pytest.raises(InvalidConfig, match="open_to_all"):
        check_exposure(host, IngressArgs())
    check_exposure(host, IngressArgs(open_to_all=True))
    check_exposure(host, IngressArgs(keys="keys.yaml"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_is_no_stranger(host: str) -> None:
    check_exposure(host, IngressArgs())
