"""`polyvox voices` against a server."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.fake_server import Answer, answering, error_answer, json_answer
from tests.unit.cli.running import polyvox

VOICES = [
    {"id": "narrator[1]", "name": "A narrator", "language": "en-GB", "model": "gpt"},
    {"id": "erzähler", "name": "Ein Erzähler", "language": "de", "model": "gpt"},
    {"id": "enets", "name": "Not English", "language": "enf", "model": "gpt"},
]


def test_the_table_has_every_voice() -> None:
    with answering(json_answer(200, {"voices": VOICES})) as server:
        result = polyvox("voices", "--url", server.url)
    assert result.exit_code == 0
    assert server.seen[0].path == "/v1/audio/voices"
    for voice in VOICES:
        assert any(all(value in line for value in voice.values()) for line in result.stdout.splitlines())


def test_a_language_includes_its_varieties_and_nothing_else() -> None:
    with answering(json_answer(200, {"voices": VOICES})) as server:
        result = polyvox("voices", "--language", "en", "--json", "--url", server.url)
    assert json.loads(result.stdout) == VOICES[:1]


def test_the_servers_error_is_told() -> None:
    with answering(error_answer(503, "engine_stopped", "no replica", **{"Retry-After": "2"})) as server:
        result = polyvox("voices", "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr == "engine_stopped: no replica (try again in 2 s)\n"


@pytest.mark.parametrize(
    "answer", [Answer(200, "text/html"), json_answer(200, {"voices": ["alloy"]}), json_answer(200, [])]
)
def test_what_isnt_polyvox_is_told_apart(answer: Answer) -> None:
    with answering(answer) as server:
        result = polyvox("voices", "--url", server.url)
    assert result.exit_code == 1
    assert result.stderr.startswith("server_refused: ")
