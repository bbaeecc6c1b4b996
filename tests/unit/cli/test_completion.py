"""What the shell is offered on Tab."""

from __future__ import annotations

import pytest

from tests.unit.cli.fake_server import answering, json_answer
from tests.unit.cli.running import polyvox

VOICES = {"voices": [{"id": name, "name": name} for name in ("en-us", "en-gb", "de")]}


def offered(line: str, url: str) -> list[str]:
    """Ask as bash does, with the cursor at the line's end."""
    words = line.split(" ")
    env = {
        "_POLYVOX_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "POLYVOX_URL": url,
    }
    return polyvox(env=env).stdout.split()


def test_commands_and_options_are_offered() -> None:
    assert offered("polyvox be", "") == ["bench"]
    assert "--low-latency" in offered("polyvox say --lo", "")


@pytest.mark.parametrize("command", ["say", "bench"])
def test_voices_come_from_the_catalogue(command: str) -> None:
    with answering(json_answer(200, VOICES)) as server:
        assert offered(f"polyvox {command} --voice en", server.url) == ["en-us", "en-gb"]


def test_no_server_offers_nothing_and_says_nothing() -> None:
    assert offered("polyvox say --voice en", "http://127.0.0.1:9") == []
    assert offered("polyvox say --voice en", "nonsense") == []


def test_it_can_be_installed() -> None:
    result = polyvox("--help", env={"COLUMNS": "120"})
    assert "--install-completion" in result.stdout
