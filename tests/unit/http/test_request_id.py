"""One clean name for each request, whatever clients send."""

from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send

from deployments.http.request_id import CleanHeaders, middlewares, request_of, stream_id

Headers = list[tuple[bytes, bytes]]


async def cleaned(headers: Headers, kind: str = "http") -> Headers:
    """Return the headers that are behind the middleware."""
    seen: list[Headers] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["headers"])

    async def nothing(*_: object) -> None:
        return None

    await CleanHeaders(app)({"type": kind, "headers": headers}, nothing, nothing)  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_headers_that_are_not_ascii_go(kind: str) -> None:
    headers = [
        (b"accept", b"*/*"),
        (b"x-session-id", b"caf\xe9"),
        (b"caf\xe9", b"x"),
        (b"x-request-id", b"a"),
    ]
    assert await cleaned(headers, kind) == [(b"accept", b"*/*"), (b"x-request-id", b"a")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [([b"a b"], b"a_b"), ([b"caf\xe9"], b"caf_"), ([b"1", b"2"], b"1"), ([b"x" * 500], b"x" * 128)],
)
async def test_names_are_made_harmless(given: list[bytes], expected: bytes) -> None:
    assert await cleaned([(b"x-request-id", name) for name in given]) == [(b"x-request-id", expected)]


@pytest.mark.parametrize("headers", [[], [(b"x-request-id", b"")]])
async def test_whoever_has_no_name_gets_one(headers: Headers) -> None:
    ((_, first),), ((_, second),) = await cleaned(headers), await cleaned(headers)
    assert len(first) == 32
    assert first != second


def test_a_stream_tells_its_request() -> None:
    first, second = stream_id("a.b-1"), stream_id("a.b-1")
    assert first != second
    assert request_of(first) == request_of(f"{second}.2") == "a.b-1"


def test_serve_is_given_the_middleware() -> None:
    (only,) = middlewares()
    cls: object = only.cls
    assert cls is CleanHeaders
