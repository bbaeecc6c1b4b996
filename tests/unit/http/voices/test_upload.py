"""What an upload may look like, and what it may not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.http.voices.support import FORM, VOICES, code_of, connect, files_in, upload

GOOD = {**FORM, "audio_sample": "AAAA"}


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://example.org/voice.wav",
        "file:///etc/passwd",
        " s3://bucket/key",
        "data:audio/wav;base64,AAAA",
    ],
)
async def test_addresses_are_never_fetched(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.post(VOICES, json={**GOOD, "audio_sample": address})
    assert code_of(answer) == (400, "invalid_parameter")
    assert "never fetched" in answer.json()["error"]["message"]


@pytest.mark.parametrize("field", ["audio_url", "url", "ref_audio_path"])
async def test_no_field_is_an_address_or_a_path(client: httpx.AsyncClient, field: str) -> None:
    body = {**FORM, field: "/etc/passwd"}
    answer = await client.post(VOICES, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "audio_sample"


@pytest.mark.parametrize(
    ("media_type", "content", "status", "code"),
    [
        ("text/plain", json.dumps(GOOD), 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "name=me", 415, "unsupported_media_type"),
        ("", json.dumps(GOOD), 415, "unsupported_media_type"),
        ("multipart/form-data", json.dumps(GOOD), 400, "malformed_body"),
        ("multipart/form-data; boundary=x", json.dumps(GOOD), 400, "malformed_body"),
        ("multipart/form-data; boundary=x", "--x\r\n\r\n\r\n--x--\r\n", 400, "malformed_body"),
        ("application/json", "--x--", 400, "malformed_body"),
        ("application/json", "[" * 100_000, 400, "malformed_body"),
        ("application/json", "[]", 400, "malformed_body"),
        ("application/json", b"\xff\xfe", 400, "malformed_body"),
        ("application/json; charset=utf-16", json.dumps({**GOOD, "name": 3}), 400, "invalid_parameter"),
        ("application/json", json.dumps({**GOOD, "audio_sample": "?"}), 400, "invalid_parameter"),
        ("application/json", json.dumps({**GOOD, "audio_sample": 3}), 400, "invalid_parameter"),
        ("application/json", json.dumps({**GOOD, "text": "\ud800"}), 400, "invalid_parameter"),
        ("application/json", json.dumps({**GOOD, "consent": ["yes"]}), 400, "invalid_parameter"),
        ("application/json", json.dumps(GOOD), 400, "invalid_voice"),
    ],
)
async def test_a_body_is_what_it_says_it_is(
    client: httpx.AsyncClient, media_type: str, content: str | bytes, status: int, code: str
) -> None:
    answer = await client.post(VOICES, content=content, headers={"content-type": media_type})
    assert code_of(answer) == (status, code)


async def test_a_file_where_text_belongs_and_text_where_a_file_belongs(client: httpx.AsyncClient) -> None:
    as_file = await client.post(VOICES, data={"name": "me"}, files={"consent": ("c.txt", b"I agree.")})
    assert code_of(as_file) == (400, "invalid_parameter")
    as_text = await client.post(VOICES, data=GOOD, files={"unused": ("c.txt", b"")})
    assert code_of(as_text) == (400, "invalid_voice")


async def test_a_field_is_there_once(client: httpx.AsyncClient) -> None:
    files = [("audio_sample", ("a", b"a")), ("audio_sample", ("b", b"b"))]
    assert (await client.post(VOICES, data=FORM, files=files)).status_code == 400
    content = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nme\r\n' * 2 + b"--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert code_of(await client.post(VOICES, content=content, headers=headers)) == (400, "invalid_parameter")


async def test_a_form_of_many_parts_or_of_a_long_one_is_refused(client: httpx.AsyncClient) -> None:
    many = {f"field-{number}": "x" for number in range(100)}
    assert code_of(await client.post(VOICES, data=many, files={"f": b""})) == (400, "malformed_body")
    long = await client.post(VOICES, data={"text": "x" * 100_000}, files={"f": b""})
    assert code_of(long) == (400, "malformed_body")


async def test_a_body_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    async with connect(tmp_path, limits={"max_body_bytes": 10_000}) as client:
        assert code_of(await upload(client, b"x" * 20_000)) == (413, "body_too_large")
        chunked = client.build_request(
            "POST", VOICES, content=_pieces(), headers={"content-type": "multipart/form-data; boundary=x"}
        )
        assert code_of(await client.send(chunked)) == (413, "body_too_large")
    assert files_in(tmp_path) == []


async def _pieces() -> AsyncIterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="audio_sample"; filename="a"\r\n\r\n'
    for _ in range(20):
        yield b"x" * 1000


@given(
    content=st.binary(max_size=300),
    media_type=st.sampled_from(
        [
            "multipart/form-data; boundary=x",
            "multipart/form-data; boundary=",
            "application/json",
            "multipart/",
        ]
    ),
    head=st.sampled_from([b"", b"--x\r\n", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n', b"{"]),
    tail=st.sampled_from([b"", b"\r\n--x--\r\n", b"}"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_body_ends_in_a_refusal_with_a_code(
    client: httpx.AsyncClient, content: bytes, media_type: str, head: bytes, tail: bytes
) -> None:
    headers = {"content-type": media_type}
    answer = await client.post(VOICES, content=head + content + tail, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["code"]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://127.0.0.1:8000", 200),
        ("http://localhost:3000", 200),
        ("http://[::1]:8000", 200),
        ("http://chat.example", 200),
        ("http://evil.example", 403),
        ("http://127.0.0.1.evil.example", 403),
        ("http://localhost.evil.example:8000", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
async def test_without_keys_no_foreign_page_changes_voices(
    tmp_path: Path, origin: str | None, status: int
) -> None:
    async with connect(tmp_path, cors_origins=("http://chat.example",)) as client:
        if origin is not None:
            client.headers["Origin"] = origin
        added = await upload(client)
        assert added.status_code == status
        if status == 403:
            assert added.json()["error"]["code"] == "foreign_origin"
            assert (await client.delete(f"{VOICES}/me")).status_code == 403


async def test_a_star_lets_pages_read_and_not_change(tmp_path: Path) -> None:
    async with connect(tmp_path, cors_origins=("*",)) as client:
        client.headers["Origin"] = "http://evil.example"
        assert code_of(await upload(client)) == (403, "foreign_origin")


async def test_a_page_that_hides_its_origin_is_told_by_the_browser(tmp_path: Path) -> None:
    async with connect(tmp_path) as client:
        client.headers["Sec-Fetch-Site"] = "cross-site"
        assert code_of(await upload(client)) == (403, "foreign_origin")
