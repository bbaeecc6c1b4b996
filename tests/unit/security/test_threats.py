"""What docs/security.md says that somebody could try, tried."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from starlette.types import Message, Receive, Scope, Send

from deployments.config import IngressArgs, LimitArgs
from deployments.http.app import create_app
from deployments.http.request_id import CleanHeaders
from deployments.http.service import Service
from deployments.keys.key_ring import KeyRing
from tests.unit.http.fakes import FakeSource
from tests.unit.keys.support import add_key
from tts_core.errors import InvalidCheckpoint, InvalidConfig, MissingWeights, PolyvoxError, VoiceDamaged

ROOT = Path(__file__).parents[3]
SPEAK = "/v1/audio/speech"
HELLO = {"input": "Hello there.", "voice": "en-us", "response_format": "pcm"}


def connect(source: FakeSource | None = None, **args: Any) -> httpx.AsyncClient:
    app = create_app(Service(IngressArgs(**args), source or FakeSource(), transport_holds_back=True))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://polyvox")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:8000"])
async def test_pages_elsewhere_read_nothing_unless_told(origin: str) -> None:
    async with connect() as client:
        ask = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answers = [
            await client.post(SPEAK, json=HELLO, headers={"Origin": origin}),
            await client.get("/v1/audio/voices", headers={"Origin": origin}),
            await client.options(SPEAK, headers=ask),
        ]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answers[-1].status_code == 405


async def test_a_page_elsewhere_cant_speak_with_a_form() -> None:
    """What a page may send without a preflight is no JSON."""
    async with connect() as client:
        for media_type in (
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
        ):
            answer = await client.post(
                SPEAK, content=b'{"input": "Hi.", "voice": "en-us"}', headers={"content-type": media_type}
            )
            assert answer.status_code == 400


def test_servers_listen_on_this_machine_unless_told() -> None:
    config = yaml.safe_load((ROOT / "serve_config.yaml").read_text(encoding="utf-8"))
    assert config["http_options"]["host"] == "127.0.0.1"
    assert "open_to_all" not in config["applications"][0]["args"]["ingress"]


def test_a_server_for_strangers_says_what_is_missing(tmp_path: Path) -> None:
    config = yaml.safe_load((ROOT / "serve_config.yaml").read_text(encoding="utf-8"))
    config["http_options"]["host"] = "0.0.0.0"
    path = tmp_path / "serve_config.yaml"
    path.write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "polyvox", "serve", str(path), "--check"]
    refused = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert refused.returncode != 0
    assert "ingress.keys" in refused.stderr + refused.stdout


@pytest.mark.parametrize("kind", [InvalidConfig, MissingWeights, InvalidCheckpoint, VoiceDamaged])
@pytest.mark.parametrize("path", [SPEAK, "/tts"])
async def test_errors_tell_no_paths_of_the_server(
    kind: type[PolyvoxError], path: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = FakeSource()
    source.refuses_with = kind("/srv/secret/weights.pth: expected a model", param="/srv/secret/weights.pth")
    async with connect(source) as client:
        answer = await client.post(
            path, json={**HELLO, "text": "Hi.", "text_lang": "en", "ref_audio_path": "en-us"}
        )
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "/srv/secret/weights.pth" in caplog.text


async def test_an_unforeseen_failure_tells_nothing_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    source = FakeSource()

    def fail(model: str) -> None:
        raise RuntimeError("/srv/secret")

    monkeypatch.setattr(source, "check_room", fail)
    async with connect(source) as client:
        answer = await client.post(SPEAK, json=HELLO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/page/../config.py",
        "/page/%2e%2e/config.py",
        "/page/..%2fconfig.py",
        "/page/....//config.py",
        "/page//etc/passwd",
        "/page/%2fetc%2fpasswd",
        "/page/..\\config.py",
    ],
)
async def test_the_page_is_all_that_the_page_folder_shows(path: str) -> None:
    app = create_app(Service(IngressArgs(), FakeSource(), transport_holds_back=True))
    for raw in (path, httpx.URL(f"http://polyvox{path}").path):
        status, body = await call(app, raw)
        assert status == 404
        assert b"root:" not in body
        assert b"StrictModel" not in body


async def call(app: Any, path: str, headers: Any = (), receive: Receive | None = None) -> tuple[int, bytes]:
    """Ask with a path as it is: clients would tidy it up."""
    sent: list[Message] = []

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "server": ("polyvox", 80),
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [*headers],
    }
    await app(scope, receive or nothing, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return int(sent[0]["status"]), body


async def test_a_body_that_trickles_in_is_given_up() -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.05)

    async with connect(limits=LimitArgs(body_timeout_s=0.2)) as client:
        for path in (SPEAK, "/tts", "/v1/audio/voices"):
            answer = await client.post(path, content=drip(), headers={"content-type": "application/json"})
            if path != "/v1/audio/voices":  # refused before its body is asked for: there is no store
                assert answer.status_code == 408
                assert answer.headers["x-error-code"] == "body_timeout"


async def test_who_listens_for_long_is_not_taken_for_a_slow_body() -> None:
    source = FakeSource()
    source.pause_s = 0.3
    async with connect(source, limits=LimitArgs(body_timeout_s=0.2)) as client:
        answer = await client.post(SPEAK, json=HELLO)
    assert answer.status_code == 200
    assert len(answer.content) > 50_000


@pytest.mark.parametrize(
    "name",
    [
        "x-request-disconnect-disabled",
        "x-request-timeout-seconds",
        "x-session-id",
        "serve_multiplexed_model_id",
    ],
)
async def test_nobody_commands_serve_with_headers(name: str) -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    await call(CleanHeaders(app), "/", headers=[(name.encode(), b"?1"), (b"accept", b"*/*")])
    assert [header for header, _ in seen] == [b"accept", b"x-request-id"]


async def test_a_requests_name_forges_no_log_line_and_no_header() -> None:
    named: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        named.extend(value for header, value in scope["headers"] if header == b"x-request-id")
        await send({"type": "http.response.start", "status": 200, "headers": []})

    hostile = b'a\r\nSet-Cookie: b"}\tERROR \x1b[31mforged\xe2\x80\xa8' + b"c" * 500
    await call(CleanHeaders(app), "/", headers=[(b"x-request-id", hostile), (b"x-request-id", b"second")])
    assert len(named) == 1
    assert re.fullmatch(rb"[A-Za-z0-9._-]{1,128}", named[0])


async def test_keys_are_in_no_log_and_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = tmp_path / "keys.yaml"
    good, bad = add_key(keys, "alice"), "pv_alice_" + "0" * 64
    caplog.set_level(logging.DEBUG)
    async with connect(keys=str(keys)) as client:
        answers = [
            await client.post(SPEAK, json=HELLO, headers={"Authorization": f"Bearer {token}"})
            for token in (good, bad)
        ]
    assert [answer.status_code for answer in answers] == [200, 401]
    told = caplog.text + "".join(str(answer.headers) + answer.text for answer in answers[1:])
    for secret in (good, bad, keys.read_text(encoding="utf-8").partition("blake2b:")[2][:64]):
        assert secret not in told
    assert good.rpartition("_")[2] not in keys.read_text(encoding="utf-8")


@pytest.mark.parametrize("token", ["", "nothing", "pv_alice_" + "0" * 64, "pv_nobody_" + "0" * 64])
def test_every_token_is_compared_in_constant_time(
    tmp_path: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_key(tmp_path / "keys.yaml", "alice")
    ring = KeyRing(tmp_path / "keys.yaml")
    compared: list[int] = []
    compare = hmac.compare_digest

    def counted(one: str, other: str) -> bool:
        compared.append(len(other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    with pytest.raises(PolyvoxError):
        ring.find(token)
    assert compared == [len("blake2b:") + 64]


def test_the_page_on_security_names_tests_that_are_there() -> None:
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page)
    assert len(named) > 20
    for file, test in named:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in source, f"{file} has no {test}"
    rows = [
        line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| what", "|-"))
    ]
    assert rows
    assert all("tests/" in row for row in rows)


@pytest.mark.parametrize("header", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_page_elsewhere_ends_no_server_that_can_be_ended(header: dict[str, str]) -> None:
    ended: list[bool] = []
    service = Service(IngressArgs(control=True), FakeSource(), transport_holds_back=True)
    service.end = lambda: ended.append(True)
    transport = httpx.ASGITransport(create_app(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://polyvox") as client:
        refused = await client.get("/control?command=exit", headers=header)
        assert refused.status_code == 403
        assert ended == []
        assert (await client.get("/control?command=exit")).status_code == 200
        assert ended == [True]
