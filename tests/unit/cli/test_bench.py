"""`polyvox bench`: what it asks, what it tells, and how it ends."""

from __future__ import annotations

import json
from importlib.machinery import ModuleSpec
from importlib.util import find_spec

import pytest

from polyvox.commands import bench
from tests.unit.cli.fake_server import Answer, answering, error_answer
from tests.unit.cli.running import polyvox

SECOND = b"\x10\x27" * 24_000


def test_a_short_load_tells_the_three_figures() -> None:
    with answering(Answer(media_type="audio/pcm", pieces=[SECOND, SECOND])) as server:
        result = polyvox(
            "bench", f"{server.url}/v1", "-n", "2", "--requests", "5", "--voice=de", "--voice=fr"
        )
    assert result.exit_code == 0, result.stderr
    for told in ("5 of 5 by 2 listeners", "first audio", "s per second", "0, with 0 of 5 listeners"):
        assert told in result.stdout
    assert {seen.path for seen in server.seen} == {"/v1/audio/speech"}
    assert {seen.body["voice"] for seen in server.seen} == {"de", "fr"}
    assert len(server.seen) == 5


def test_json_is_the_whole_run() -> None:
    with answering(Answer(media_type="audio/pcm", pieces=[SECOND])) as server:
        result = polyvox("bench", server.url, "-n", "1", "--api-key", "secret", "--json")
    run = json.loads(result.stdout)
    assert run["summary"]["audio_s"] == pytest.approx(3.0)
    assert len(run["requests"]) == 3
    assert "secret" not in result.stdout
    assert server.seen[0].headers["authorization"] == "Bearer secret"


def test_errors_are_counted_and_are_the_status() -> None:
    with answering(error_answer(404, "unknown_voice", "no such voice")) as server:
        result = polyvox("bench", server.url, "-n", "1", "--requests", "2")
    assert result.exit_code == 1
    assert "0 of 2" in result.stdout
    assert "unknown_voice: 2" in result.stdout
    assert "never" in result.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["http://speech.example"], "--allow-remote"),
        (["ftp://127.0.0.1"], "http://"),
        (["--lang", "tlh"], "languages: "),
    ],
)
def test_what_will_not_do_is_one_line(options: list[str], told: str) -> None:
    result = polyvox("bench", *options)
    assert result.exit_code == 1
    assert result.stderr.startswith("invalid_parameter: ")
    assert told in result.stderr


def test_without_its_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_aiohttp(name: str) -> ModuleSpec | None:
        return None if name == "aiohttp" else find_spec(name)

    monkeypatch.setattr(bench, "find_spec", without_aiohttp)
    result = polyvox("bench")
    assert result.exit_code == 1
    assert "polyvox[bench]" in result.stderr
