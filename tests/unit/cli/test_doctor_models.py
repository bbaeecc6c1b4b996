"""What the doctor says of configured models: their files, and how many fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.make_checkpoint import make_checkpoint
from deployments.config import AppArgs
from polyvox.checks import models
from polyvox.checks.check import Check, Level
from polyvox.checks.models import check_models
from polyvox.checks.serving import Plan
from tts_core.models.gpt_sovits.weights import locate_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    make_checkpoint("v2", folder, tiny=True)
    make_checkpoint("v1", folder, tiny=True)
    return folder


def checked(weights: Path, named: dict[str, dict[str, Any]], **changes: Any) -> Check:
    mine = {"version": "v2", "weights": str(weights)}
    entry = {
        "kind": "gpt_sovits",
        "models": {name: {**mine, **more} for name, more in named.items()},
        "replica": {"device": "cpu"},
        **changes,
    }
    return check_models(Plan(engines=AppArgs.model_validate({"engines": [entry]}).engines))


def test_models_that_are_there(weights: Path) -> None:
    found = checked(weights, {"a": {}, "b": {"version": "v1"}}, max_loaded_models=2)
    assert found.level is Level.OK
    assert found.detail.startswith("a, b (2 of 2 at once")


def test_without_gpt_sovits_there_is_nothing_to_look_at() -> None:
    assert check_models(Plan(engines=AppArgs().engines)).level is Level.OK


@pytest.mark.parametrize(
    ("content", "expected"), [(None, "missing.pth"), (b"", "bad.pth"), (b"PK\x03\x04 and no more", "bad.pth")]
)
def test_a_file_that_is_missing_or_damaged_is_named(
    weights: Path, tmp_path: Path, content: bytes | None, expected: str
) -> None:
    path = tmp_path / expected
    if content is not None:
        path.write_bytes(content)
    found = checked(weights, {"a": {}, "b": {"sovits": str(path)}})
    assert found.level is Level.ERROR
    assert found.detail.startswith("b can't be loaded")
    assert expected in found.detail


def test_files_in_the_wrong_places_and_pairs_that_do_not_match_are_told(weights: Path) -> None:
    older = locate_weights(weights, "v1")
    swapped = checked(weights, {"a": {"sovits": str(older.t2s)}})
    mixed = checked(weights, {"a": {"sovits": str(older.sovits)}})
    assert (swapped.level, mixed.level) == (Level.ERROR, Level.ERROR)
    assert "not a sovits" in swapped.detail
    assert "don't speak together" in mixed.detail


def test_more_models_than_this_machine_could_hold(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_memory_bytes", lambda: 1000)
    found = checked(weights, {"a": {}, "b": {}}, max_loaded_models=2)
    assert found.level is Level.ERROR
    assert "lower max_loaded_models" in found.detail


def test_more_places_than_models_are_an_error_of_the_configuration(weights: Path) -> None:
    with pytest.raises(ValueError, match="max_loaded_models is 3, and there are 2 models"):
        checked(weights, {"a": {}, "b": {}}, max_loaded_models=3)
