"""`python -m benchmarks.parity`: a missed bar can't hide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import typer

from benchmarks.parity import main
from benchmarks.parity_checks import close_audio, close_tensor, same_tokens


def write_text(folder: Path, pieces: list[str]) -> None:
    segment = {"lang": "en", "method": "cut0", "text": "Hello there.", "out": pieces}
    pipe = {"lang": "en", "text": "Hello world.", "ids": [51, 12, 62, 68, 91, 39, 62, 26, 3]}
    (folder / "text_v2.json").write_text(json.dumps({"segment": [segment], "pipe": [pipe]}))


def test_a_folder_that_agrees_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(tmp_path, ["Hello there."])

    main(tmp_path)

    assert "2 of 2 bars met" in capsys.readouterr().out


def test_a_folder_that_differs_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(tmp_path, ["Hello.", "There."])

    with pytest.raises(typer.Exit) as exit_info:
        main(tmp_path)

    assert exit_info.value.exit_code == 1
    assert "MISSED" in capsys.readouterr().out


def test_a_folder_without_golden_data_fails(tmp_path: Path) -> None:
    with pytest.raises(typer.Exit):
        main(tmp_path)


def test_checks_hold_values_to_their_bars() -> None:
    ramp = torch.linspace(-2, 2, 100)

    assert close_tensor("", "", ramp + 0.0019, ramp).passed
    assert not close_tensor("", "", ramp + 0.0021, ramp).passed
    assert not close_tensor("", "", ramp[:-1], ramp).passed
    assert all(check.passed for check in close_audio("", "", ramp + 0.0009, ramp))
    assert not all(check.passed for check in close_audio("", "", ramp + 0.0011, ramp))
    assert not same_tokens("", "", [1, 2], [1, 2, 3]).passed
    assert not same_tokens("", "", [1, 2, 4], [1, 2, 3]).passed
