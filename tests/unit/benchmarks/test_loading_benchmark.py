"""The benchmark of loads beside speech: its arithmetic, and that it runs. None of it looks at a clock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast
from unittest.mock import patch

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.loading.cli import loading
from benchmarks.loading.listening import Listener, Window
from tts_core.engine import assembly
from tts_core.engine.stream import SpeechStream


def listener(*arrivals: tuple[float, float]) -> Listener:
    return Listener(cast(SpeechStream, None), arrivals=[*arrivals])


def test_a_window_is_what_came_in_it_played_since_the_first_chunk() -> None:
    heard = listener((10.0, 1.0), (11.0, 3.0), (12.5, 4.0), (14.0, 5.0), (20.0, 30.0))
    window = heard.window(11.5, 14.5)
    assert window.gap_s == pytest.approx(1.5)  # from 12.5 to 14
    assert window.lowest_s == pytest.approx(0.0)  # 4 had come, and 4 were played, at 14
    assert window.fell_by_s == pytest.approx(1.5)  # from 3 less 1.5
    assert window.pace == pytest.approx(2 / 3)


def test_nothing_at_all_is_one_long_gap() -> None:
    window = listener((10.0, 2.0)).window(11.0, 15.0)
    assert window == Window(gap_s=4.0, lowest_s=-3.0, fell_by_s=4.0, pace=0.0)


def test_of_several_the_worst_counts_and_the_pace_is_theirs_together() -> None:
    together = Window.of_all([Window(1.0, 5.0, 0.5, 2.0), Window(2.0, 7.0, 0.1, 1.0)])
    assert together == Window(gap_s=2.0, lowest_s=5.0, fell_by_s=0.5, pace=3.0)


def test_it_runs_each_way_in_each_round(folder: Path) -> None:
    app = typer.Typer()
    app.command()(loading)
    arguments = [str(folder), "--rounds=1", "--tokens=12", "--window=0.1", "--settle=0.1", "--json"]
    with patch.object(assembly, "warm_up"):
        result = CliRunner().invoke(app, arguments)
    document = json.loads(result.stdout)
    assert [one["way"] for one in document["rounds"]] == ["giving way", "at once", "none"]
    assert all(one["heard"].keys() == Window.__dataclass_fields__.keys() for one in document["rounds"])
    assert result.exit_code == (document["longest_added_gap_s"]["giving way"] > 1.0)
