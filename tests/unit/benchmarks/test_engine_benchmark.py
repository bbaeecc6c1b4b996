"""The engine's benchmark: what it reports, and that it runs. No test looks at how long anything takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from typer.testing import CliRunner

from benchmarks.engine.cli import app, main
from benchmarks.engine.document import SCHEMA
from benchmarks.engine.markdown import to_markdown
from benchmarks.engine.settings import LoadSizes, Settings, SettingsError, StageSizes
from benchmarks.engine.sheets import Sheet, sheets_of
from tts_core.errors import InvalidParameter

TOKENS = 12
AUDIO_S = TOKENS / 25
QUICK = [
    "--dtype=float32",
    "--tokens=12",
    "--seconds=0.001",
    "--stream-mib=1",
    "--matrix-dim=64",
    "--rows=1,2",
    "--kv-lens=64",
    "--prompts=32",
    "--latents=10",
    "--listeners=1,2",
    "--rounds=1",
    "--rate=100",
    "--policy=least_headroom",
    "--pair-listeners=2",
    "--pair-rounds=2",
]


@pytest.fixture(scope="module")
def written(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str, str]:
    """Run everything once: the JSON, the Markdown and what was printed."""
    out = tmp_path_factory.mktemp("out")
    arguments = [str(folder), *QUICK, f"--json={out / 'a.json'}", f"--markdown={out / 'a.md'}"]
    with patch("tts_core.engine.admission.STALLED_S", 0.1):  # or it waits for that
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads((out / "a.json").read_text()), (out / "a.md").read_text(), result.stdout


def test_the_document_says_under_which_conditions(written: tuple[Any, str, str], folder: Path) -> None:
    document, _, _ = written
    assert document["schema"] == SCHEMA
    assert document["software"]["torch"] == torch.__version__
    assert document["software"]["threads"] == 1
    assert document["model"]["dtype"] == "float32"
    assert document["model"]["bytes"]["generator"] < document["model"]["bytes"]["sovits"]
    assert document["settings"]["tokens"] == TOKENS
    assert document["settings"]["weights"] == folder.name
    assert str(folder.parent) not in json.dumps(document)
    assert all(memory["resident_bytes"] > 0 for memory in document["memory"].values())


def test_every_stage_is_measured_in_every_size(written: tuple[Any, str, str]) -> None:
    found = {(one["stage"], tuple(one["sizes"].values())) for one in written[0]["stages"]["stages"]}
    assert {("decode step", (rows, 64)) for rows in (1, 2)} <= found
    assert {("sampling", (rows,)) for rows in (1, 2)} <= found
    assert {("window", (frames, 1)) for frames in (16, 32, 64, 128)} <= found
    assert {("latents with noise", (tokens,)) for tokens in (10, TOKENS)} <= found
    assert {("prompt", (32,)), ("leaving a slot", (64,)), ("leaving a slot and coming back", (64,))} <= found
    assert {"BERT of Chinese text", "HuBERT of a recording", "spectrogram"} <= {stage for stage, _ in found}


def test_rates_follow_from_times(written: tuple[Any, str, str]) -> None:
    stages = written[0]["stages"]
    steps = [one for one in stages["stages"] if one["stage"] == "decode step"]
    assert steps
    for one in steps:
        seconds, rows = one["timing"]["median_s"], one["sizes"]["rows"]
        assert one["tokens_per_s"] == pytest.approx(rows / seconds)
        assert one["audio_s_per_s"] == pytest.approx(rows / 25 / seconds)
        assert one["roofline"]["flops_per_s"] == pytest.approx(one["work"]["flops"] / seconds)
    for budget in stages["budgets"]:
        assert budget["audio_s_per_s"] == pytest.approx(1 / sum(budget["parts"].values()))


def test_all_listeners_are_reported(written: tuple[Any, str, str]) -> None:
    load = written[0]["load"]
    assert [(one["crowd"], one["listeners"]) for one in load] == [("spread", 2), ("burst", 1), ("burst", 2)]
    for one in load:
        (came,) = one["visits"]
        assert came["audio_s"] == pytest.approx(one["listeners"] * AUDIO_S)
        assert one["audio_s_per_s"]["median"] == pytest.approx(came["audio_s"] / came["wall_s"])
        assert one["first_audio_s"]["count"] == one["underruns"]["played"] == one["listeners"]


def test_both_kinds_of_shapes_are_reported(written: tuple[Any, str, str]) -> None:
    (pair,) = written[0]["determinism"]
    assert (pair["first"]["engine"], pair["second"]["engine"]) == ("fixed shapes", "free shapes")
    assert len(pair["first"]["visits"]) == len(pair["second"]["visits"]) == 2
    assert pair["ratios"]["wall"]["low"] <= pair["ratios"]["wall"]["median"] <= pair["ratios"]["wall"]["high"]
    assert pair["ratios"]["noise"] is not None


def test_stalled_listeners_are_compared_with_nobody(written: tuple[Any, str, str]) -> None:
    (pair,) = written[0]["stalled"]
    assert (pair["first"]["engine"], pair["second"]["engine"]) == ("stalled listeners", "nobody beside")
    assert pair["first"]["listeners"] == pair["second"]["listeners"]
    assert [pair[name]["num_parked"] for name in ("first", "second")] == [1, 0]
    for name in ("first", "second"):
        assert 0 < pair[name]["step_s"]["median"] < min(visit["wall_s"] for visit in pair[name]["visits"])


def test_a_second_core_is_compared_with_none(written: tuple[Any, str, str]) -> None:
    pairs = written[0]["alone"]
    for pair in pairs:
        assert (pair["first"]["engine"], pair["second"]["engine"]) == ("second core", "one core")
        assert pair["first"]["listeners"] == pair["second"]["listeners"] == 1
    assert [pair["first"]["low_latency"] for pair in pairs] == [True, False]


def test_the_report_has_a_table_for_each_part(written: tuple[Any, str, str]) -> None:
    document, markdown, printed = written
    titles = [
        "Conditions",
        "What the machine can do",
        "Stages",
        "A second of audio",
        "Listeners",
        "What bit identity costs",
        "What stalled listeners cost",
        "What one listener costs with a second core",
    ]
    assert [line[3:] for line in markdown.splitlines() if line.startswith("## ")] == titles
    assert all(title in printed for title in titles)
    for sheet in sheets_of(document):
        assert sheet.rows
        assert {len(row) for row in sheet.rows} == {len(sheet.columns)}


def test_parts_that_were_not_made_have_no_table(written: tuple[Any, str, str]) -> None:
    document = {**written[0], "stages": None, "load": None}
    titles = [sheet.title for sheet in sheets_of(document)]
    assert titles == [
        "Conditions",
        "What bit identity costs",
        "What stalled listeners cost",
        "What one listener costs with a second core",
    ]


def test_markdown_keeps_cells_apart() -> None:
    page = to_markdown([Sheet("A title", ("name", "figure"), [("a|b", "1")], "A note.")])
    assert page.endswith("## A title\n\nA note.\n\n| name | figure |\n| --- | ---: |\n| a\\|b | 1 |\n")


@pytest.mark.parametrize(
    "wrong",
    [
        "--parts=other",
        "--dtype=int8",
        "--rows=0",
        "--rows=many",
        "--policy=chance",
        "--rate=0",
        "--threads=0",
    ],
)
def test_wrong_usage_is_told(wrong: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with patch("sys.argv", ["engine", str(folder), wrong]), pytest.raises(SystemExit) as exit_info:
        main()
    assert exit_info.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_missing_weights_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with patch("sys.argv", ["engine", str(tmp_path)]), pytest.raises(SystemExit) as exit_info:
        main()
    assert exit_info.value.code == 1
    assert "missing_weights" in capsys.readouterr().err


def test_settings_refuse_what_can_not_be_measured(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        StageSizes(prompts=(1,))
    with pytest.raises(SettingsError):
        LoadSizes(listeners=())
    with pytest.raises(InvalidParameter):
        Settings(tmp_path, tokens=5000)
