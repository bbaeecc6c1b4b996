"""The command line, the files it writes and the exit codes it gives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from benchmarks.load.checks import Thresholds, find_misses
from benchmarks.load.cli import app, main
from benchmarks.load.document import SCHEMA, read_document
from benchmarks.load.metrics import Metric
from benchmarks.load.settings import SettingsError
from tests.unit.benchmarks.encoding import tone
from tests.unit.benchmarks.fake_server import FakeServer, Script, serving

REFUSAL = json.dumps({"error": {"code": "overloaded", "message": "<b>full</b> [busy]"}}).encode()
SCRIPTS = {
    "smooth": Script(((0.0, tone(0.3)), (0.05, tone(0.3)))),
    "stutters": Script(((0.0, tone(0.1)), (0.5, tone(0.3)))),
    "refused": Script(((0.0, REFUSAL),), 429, "application/json"),
}


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with serving(SCRIPTS) as fake:
        yield fake


async def invoke(*args: str | Path) -> Result:
    """Run the command line in a thread, beside the server's event loop."""
    return await asyncio.to_thread(CliRunner().invoke, app, [str(arg) for arg in args])


def texts(tmp_path: Path, *names: str) -> Path:
    path = tmp_path / "texts"
    path.write_text("\n".join(names), "utf-8")
    return path


async def load(server: FakeServer, tmp_path: Path, name: str, *more: str | Path) -> Result:
    args = ("--concurrency", "2", "--requests", "4", "--texts", texts(tmp_path, name))
    return await invoke(server.url, *args, *more)


async def test_a_run_prints_its_figures_and_writes_json_and_page(server: FakeServer, tmp_path: Path) -> None:
    out, page = tmp_path / "run.json", tmp_path / "run.html"
    result = await load(server, tmp_path, "smooth", "--json", out, "--html", page, "--assert-no-errors")
    assert result.exit_code == 0, result.output
    assert "TTFA p95" in result.output
    document = read_document(out)
    assert document["schema"] == SCHEMA
    assert document["summary"]["num_ok"] == len(document["requests"]) == 4
    assert document["generator_lagging"] is bool(document["generator"]["warnings"])
    request = document["requests"][0]
    assert request["chunks"][-1][2] == request["audio_s"] == 0.6
    assert request["ttfa_s"] == pytest.approx(request["audible_s"] - request["scheduled_s"], abs=2e-6)
    assert page.read_text("utf-8").startswith("<!doctype html>")


async def test_bursts_are_shown_round_by_round(server: FakeServer, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    args = ("--texts", texts(tmp_path, "smooth"), "--burst", "3", "--rounds", "2", "--json", out)
    result = await invoke(server.url, *args)
    assert result.exit_code == 0, result.output
    document = read_document(out)
    assert [one["num_sent"] for one in document["rounds"]] == [3, 3]
    assert document["summary"]["first_audio_s"]["count"] == 6
    assert "first audio p95" in result.output
    assert "bursts" in result.output
    alone = await invoke(server.url, "--texts", texts(tmp_path, "smooth"), "--burst", "1", "--json", out)
    assert alone.exit_code == 0, alone.output
    assert len(read_document(out)["requests"]) == 1


async def test_lengths_and_latency_reach_the_server(server: FakeServer, tmp_path: Path) -> None:
    args = ("--low-latency", "--ignore-eos", "--min-tokens", "20", "--max-tokens", "50")
    await load(server, tmp_path, "smooth", *args)
    names = ("low_latency", "ignore_eos", "min_tokens", "max_tokens")
    assert [tuple(body[name] for name in names) for body in server.bodies] == [(True, True, 20, 50)] * 4


async def test_voices_models_and_extra_fields_reach_the_server(server: FakeServer, tmp_path: Path) -> None:
    args = ("--voice", "anna", "--voice", "ben", "--model", "m", "--extra", '{"seed": 7}')
    await load(server, tmp_path, "smooth", *args)
    assert sorted(body["voice"] for body in server.bodies) == ["anna", "anna", "ben", "ben"]
    assert {(body["model"], body["seed"]) for body in server.bodies} == {("m", 7)}


@pytest.mark.parametrize(
    ("name", "option", "value", "exit_code"),
    [
        ("refused", "--assert-no-errors", None, 1),
        ("refused", "--max-errors", "3", 1),
        ("refused", "--max-errors", "4", 0),
        ("refused", "--assert-ttfa-p95-ms", "99999", 1),
        ("refused", "--assert-no-underrun", None, 1),
        ("stutters", "--assert-no-underrun", None, 1),
        ("smooth", "--assert-ttfa-p95-ms", "0.001", 1),
        ("smooth", "--assert-ttfa-p95-ms", "99999", 0),
    ],
)
async def test_a_missed_threshold_is_exit_code_1(
    server: FakeServer, tmp_path: Path, name: str, option: str, value: str | None, exit_code: int
) -> None:
    result = await load(server, tmp_path, name, option, *([] if value is None else [value]))
    assert result.exit_code == exit_code, result.output
    assert ("missed:" in result.output) is bool(exit_code)


async def test_a_written_run_can_be_shown_again_and_compared(server: FakeServer, tmp_path: Path) -> None:
    first, second, page = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "a.html"
    await load(server, tmp_path, "smooth", "--json", first)
    await load(server, tmp_path, "stutters", "--json", second)
    shown = await invoke("--render", first, "--html", page, "--assert-no-errors")
    assert (shown.exit_code, page.exists()) == (0, True)
    compared = await invoke("--compare", first, second)
    [line] = [line for line in compared.output.splitlines() if " underruns " in line]
    assert "0" in line
    assert "worse" in line


def test_comparing_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"schema": "something/9"}', "utf-8")
    with pytest.raises(SettingsError, match=SCHEMA):
        read_document(path)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("http://192.0.2.7", "--rate", "1", "--duration", "1"), "--allow-remote"),
        (("http://127.0.0.1",), "--rate with --duration"),
        ((), "URL"),
        (("http://127.0.0.1", "--rate", "1", "--duration", "1", "--extra", "{"), "--extra"),
        (("http://127.0.0.1", "--rate", "1", "--duration", "1", "--extra", "[]"), "--extra"),
    ],
)
def test_wrong_usage_is_said_and_loads_nothing(args: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(app, list(args))
    assert isinstance(result.exception, SettingsError)
    assert message in str(result.exception)


def test_wrong_usage_is_exit_code_2_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["load", "http://127.0.0.1:9", "--rate", "1"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("error: give either --rate with --duration")


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (9.46, "9.5 ms"), (-0.5, "-0.5 ms"), (9876.5, "9,876 ms")]
)
def test_short_times_keep_a_digit(value: float | None, shown: str) -> None:
    assert Metric("any", "path", "ms").show(value) == shown


def summary(**more: Any) -> dict[str, Any]:
    played = {"played": 2, "listeners": 0, "total": 0, "stalled_s": 0.0}
    plain = {"num_failed": 0, "errors": {}, "ttfa_s": {"p95": 0.2}, "underruns": played}
    return {"summary": {**plain, **more}}


def test_a_threshold_is_met_at_its_very_value() -> None:
    everything = Thresholds(max_errors=0, ttfa_p95_ms=200.0, no_underrun=True)
    assert find_misses(summary(), everything) == []
    assert find_misses(summary(ttfa_s={"p95": 0.2001}), everything) == ["TTFA p95 is 200 ms, over 200 ms"]
