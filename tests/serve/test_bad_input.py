"""The whole server, given what no schema allows: the right 4xx with a code, never a 500, never silence."""

from __future__ import annotations

import json
from typing import Any

import httpx
import numpy as np
import pytest
import schemathesis
import schemathesis.specs.openapi.stateful  # not on first use: parsing beside Ray's threads has failed
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis.core.result import Ok

from tests.support.decoding import decode
from tests.support.server import RunningServer

SPEAK = "/v1/audio/speech"
GOOD = {"model": "formant", "input": "Hello.", "voice": "en-us", "response_format": "wav"}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"input": ""}, 400, "empty_input"),
        ({"input": "word " * 200_000}, 400, "input_too_long"),
        ({"input": "word " * 2_000_000}, 413, "body_too_large"),
        ({"voice": "nobody"}, 404, "unknown_voice"),
        ({"voice": "en-us+nobody"}, 404, "unknown_voice"),
        ({"voice": "../../../etc/passwd"}, 404, "unknown_voice"),
        ({"language": "klingonese"}, 400, "unsupported_language"),
        ({"speed": -1}, 400, "invalid_parameter"),
        ({"response_format": "midi"}, 400, "unsupported_format"),
    ],
)
def test_bad_parameters(server_url: str, changes: dict[str, object], status: int, code: str) -> None:
    answer = httpx.post(server_url + SPEAK, json={**GOOD, **changes}, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("content", [b"", b"not json", b'{"input": "\xff"}', b"[1, 2]"])
def test_bad_bodies(server_url: str, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = httpx.post(server_url + SPEAK, content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed_body")


@pytest.mark.parametrize(
    "text",
    [
        "\ud800 lone surrogate",
        "nul \x00 inside",
        "<speak>tag</speak> & [[h@l'oU]]",
        "1",
        "a" * 5000,
        "☃",
        "한국어",
    ],
)
def test_odd_text_is_spoken_or_refused(server_url: str, text: str) -> None:
    content = json.dumps({**GOOD, "input": text}).encode("ascii")
    headers = {"content-type": "application/json"}
    answer = httpx.post(server_url + SPEAK, content=content, headers=headers, timeout=30)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert np.abs(decode(answer.content)[0]).max() > 0.01


def test_schemathesis_finds_no_500(server: RunningServer) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    operations: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) >= 8
    for operation in operations:
        never_500(operation.as_strategy(), server.url)


def never_500(cases: SearchStrategy[Any], url: str) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(cases)
    def call(case: Any) -> None:
        answer = case.call(base_url=url, timeout=60)
        assert answer.status_code < 500, answer.text

    call()
