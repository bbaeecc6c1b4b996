"""Whole runs against a server that wrongs a crowd in one way or another, and speaks well to one alone."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from benchmarks.isolation.cli import app, main
from benchmarks.isolation.document import SCHEMA, build_document
from benchmarks.isolation.runner import run_isolation
from benchmarks.isolation.settings import CannotRun, Choice, Crowd, IsolationSettings, SoloWhen
from benchmarks.load.settings import Target
from tests.unit.benchmarks.crowded_server import CrowdedServer, Wrong, crowded

REFUSED_LANGUAGE = "xx-nowhere"
BUSY = (429, {"Retry-After": "0"})


async def run(
    server: CrowdedServer, *, solo_when: SoloWhen = "first", choice: Choice | None = None, **crowd: Any
) -> dict[str, Any]:
    fields = {"num_requests": 40, "concurrency": 8, "num_distinct": 15, "pause_s": 0.002, **crowd}
    async with crowded(server):
        settings = IsolationSettings(
            Target(server.url), choice or Choice(), Crowd(**fields), solo_when=solo_when
        )
        return build_document(settings, await run_isolation(settings))


@pytest.mark.parametrize("solo_when", ["first", "after"])
async def test_a_server_that_keeps_its_listeners_apart_passes(solo_when: SoloWhen) -> None:
    server = CrowdedServer()
    document = await run(server, solo_when=solo_when, cancel_share=0.25, fail_share=0.25)
    summary = document["summary"]
    assert document["outcome"] == "isolated"
    assert (document["differences"], document["unanswered"]) == ([], [])
    assert (summary["num_requests"], summary["num_distinct"], summary["num_refused"]) == (40, 15, 10)
    assert summary["num_whole"] + summary["num_left"] == 30
    assert 1 <= summary["num_left_before_audio"] < summary["num_left"]
    assert 2 <= summary["most_at_once"] <= 8
    # Who leaves before any audio may have left before the request was read.
    assert 0 <= 40 + 15 - len(server.bodies) <= summary["num_left_before_audio"]
    heard = [one["num_bytes"] for one in document["requests"] if one["outcome"] in ("whole", "left")]
    assert summary["bytes_compared"] == sum(heard) > 100_000


WRONGS: dict[str, Wrong] = {
    "bled": lambda own, others: own[:2000] + others[0][2000:2100] + own[2100:],
    "swapped": lambda own, others: others[0],
    "shifted": lambda own, others: own[:2000] + own[2002:],
    "truncated": lambda own, others: own[:-2],
    "too_long": lambda own, others: own + b"\0\0",
    "altered": lambda own, others: own[:2000] + bytes(64) + own[2064:],
}


@pytest.mark.parametrize("kind", WRONGS)
@pytest.mark.parametrize("solo_when", ["first", "after"])
async def test_a_server_that_wrongs_its_listeners_is_caught(kind: str, solo_when: SoloWhen) -> None:
    document = await run(CrowdedServer(WRONGS[kind]), solo_when=solo_when, cancel_share=0.0)
    assert document["outcome"] == "different"
    differences = document["differences"]
    assert document["summary"]["num_different"] == len(differences) > 10
    # Some are not wronged: their neighbour asked for the very same.
    assert {one["kind"] for one in differences} == {kind}
    for one in differences:
        assert one["beside"]
        assert (one["other_request"] is not None) is (kind in ("bled", "swapped"))
        assert one["request"] != one["other_request"]


async def test_one_wrong_byte_to_one_listener_is_enough() -> None:
    done: list[int] = []

    def once(own: bytes, others: list[bytes]) -> bytes:
        if done:
            return own
        done.append(1)
        return own[:1234] + bytes([own[1234] ^ 1]) + own[1235:]

    document = await run(CrowdedServer(once), cancel_share=0.0)
    [difference] = document["differences"]
    assert (document["outcome"], difference["position"]) == ("different", 1234)


async def test_those_who_leave_are_compared_too() -> None:
    document = await run(CrowdedServer(WRONGS["swapped"]), cancel_share=1.0, fail_share=0.0)
    assert document["outcome"] == "different"
    assert any(one["left"] for one in document["differences"])


async def test_an_answer_cut_off_is_a_difference() -> None:
    document = await run(CrowdedServer(cuts=True), cancel_share=0.0, fail_share=0.0)
    assert {one["kind"] for one in document["differences"]} == {"broken_off"}


async def test_a_bad_request_that_is_spoken_is_a_difference() -> None:
    document = await run(CrowdedServer(obeys_faults=False), fail_share=0.5, cancel_share=0.0)
    assert [one["kind"] for one in document["differences"]] == ["not_refused"] * 20


async def test_who_is_put_off_comes_again_and_is_compared() -> None:
    server = CrowdedServer(refusals=[BUSY, (503, {"Retry-After": "1"}), BUSY])
    document = await run(server, solo_when="after", cancel_share=0.0)
    summary = document["summary"]
    assert document["outcome"] == "isolated"
    assert summary["put_off"] == {"429": 2, "503": 1}
    assert summary["waited_s"] == 1.0
    [waited] = [one for one in document["requests"] if one["waited_s"]]
    assert waited["ended_s"] - waited["began_s"] >= 1.0
    assert summary["num_whole"] + summary["num_refused"] == 40


async def test_patience_has_an_end_and_what_is_unanswered_proves_nothing() -> None:
    server = CrowdedServer(refusals=[(429, {"Retry-After": "60"})])
    document = await run(server, solo_when="after", patience_s=30.0, cancel_share=0.0)
    assert document["outcome"] == "not_proven"
    [unanswered] = document["unanswered"]
    assert unanswered["reason"].startswith("overloaded")


async def test_what_cannot_be_spoken_alone_cannot_be_compared() -> None:
    with pytest.raises(CannotRun, match="even alone"):
        await run(CrowdedServer(refusals=[(500, {})]))


async def test_what_is_refused_alone_proves_nothing_by_itself() -> None:
    document = await run(CrowdedServer(), choice=Choice(voices=("m:ann",), langs=(REFUSED_LANGUAGE,)))
    assert document["outcome"] == "not_proven"
    summary = document["summary"]
    assert summary["num_refused_alone"] == summary["num_distinct"] == 15
    assert summary["num_different"] == summary["num_unanswered"] == 0


async def test_nobody_to_ask_is_said() -> None:
    with pytest.raises(CannotRun, match="no list of voices"):
        await run_isolation(IsolationSettings(Target("http://127.0.0.1:1")))


async def invoke(server: CrowdedServer, *args: str | Path) -> Result:
    usual = ("--requests", "20", "--concurrency", "5", "--pause-ms", "2")
    async with crowded(server):
        whole = [server.url, *usual, *map(str, args)]
        return await asyncio.to_thread(CliRunner().invoke, app, whole)


async def test_the_command_line_writes_its_report_and_passes(tmp_path: Path) -> None:
    out, server = tmp_path / "report.json", CrowdedServer()
    args = (
        "--voices",
        "ann,ben",
        "--voices",
        "n:eva",
        "--lang",
        "en",
        "--distinct",
        "6",
        "--low-latency-share",
        "1",
    )
    result = await invoke(server, *args, "--ignore-eos", "--max-tokens", "40", "--json", out)
    assert result.exit_code == 0, result.output
    assert "isolated" in result.output
    document = json.loads(out.read_text("utf-8"))
    assert (document["schema"], document["summary"]["num_distinct"]) == (SCHEMA, 6)
    assert {(body["low_latency"], body["ignore_eos"]) for body in server.bodies} == {(True, True)}
    assert {body["voice"] for body in server.bodies} >= {"ann", "ben", "eva"}


async def test_a_difference_is_exit_code_1_and_shown() -> None:
    result = await invoke(CrowdedServer(WRONGS["bled"]), "--cancel-share", "0")
    assert result.exit_code == 1, result.output
    assert "NOT isolated" in result.output
    assert "bled" in result.output


async def test_no_answer_is_exit_code_2() -> None:
    server = CrowdedServer(refusals=[(429, {"Retry-After": "60"})])
    result = await invoke(server, "--patience-s", "1", "--solo", "after", "--cancel-share", "0")
    assert result.exit_code == 2, result.output
    assert "not proven" in result.output


@pytest.mark.parametrize(
    "args", [["http://192.0.2.7"], ["http://127.0.0.1:1"], ["http://127.0.0.1:1", "--solo", "never"], []]
)
def test_what_cannot_be_run_is_exit_code_2(monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    monkeypatch.setattr("sys.argv", ["isolation", *args])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
