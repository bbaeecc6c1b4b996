"""`polyvox weights` as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmarks.official_pair import make_pair
from polyvox.commands.weights import app
from tests.unit.models.gpt_sovits_weights.conftest import content_of
from tests.unit.models.gpt_sovits_weights.fake_hub import FakeHub, running
from tts_core.models.gpt_sovits.checkpoint import read_checkpoint
from tts_core.models.gpt_sovits.weights import weights_layout


@pytest.fixture(scope="module")
def sovits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pair("v2ProPlus", tmp_path_factory.mktemp("weights"), tiny=True)[1]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def assert_one_line(result: Result, code: str) -> None:
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), "a traceback"
    assert result.stdout == ""
    assert result.stderr.strip().startswith(f"{code} ")
    assert len(result.stderr.strip().splitlines()) == 1


def test_inspect_tells_model_version_sizes_and_precision(sovits: Path) -> None:
    result = run("inspect", sovits)
    assert result.exit_code == 0
    for told in ("s2Gv2ProPlus.pth", "SoVITS v2ProPlus", "float16", "model.gin_channels", "MB, torch"):
        assert told in result.stdout


def test_inspect_prints_json_for_programs(sovits: Path) -> None:
    told = json.loads(run("inspect", sovits, "--json").stdout)
    assert (told["kind"], told["version"], told["header"]) == ("sovits", "v2ProPlus", "v2ProPlus")
    assert told["parameters_by_dtype"] == {"float16": told["num_parameters"]}
    assert told["path"] == str(sovits)


def test_a_file_s_own_words_are_shown_as_they_are(sovits: Path, tmp_path: Path) -> None:
    """Neither markup nor emoji codes in a name are acted on."""
    path = tmp_path / "[red]:x:.pth"
    path.write_bytes(sovits.read_bytes())
    assert "[red]:x:.pth" in run("inspect", path).stdout


def test_convert_writes_files_that_read_back(sovits: Path, tmp_path: Path) -> None:
    result = run("convert", sovits, "--out", tmp_path)
    assert result.exit_code == 0
    converted = tmp_path / "s2Gv2ProPlus.safetensors"
    assert str(converted) in result.stdout
    assert read_checkpoint(converted).version == "v2ProPlus"


@pytest.mark.parametrize("json_option", [[], ["--json"]])
def test_a_bad_file_is_one_red_line(tmp_path: Path, json_option: list[str]) -> None:
    bad = tmp_path / "s2G.pth"
    bad.write_text("[bold]no checkpoint[/bold]")
    result = run("inspect", bad, *json_option)
    assert_one_line(result, "invalid_checkpoint")
    assert str(bad) in result.stderr
    assert_one_line(run("convert", bad, "--out", tmp_path), "invalid_checkpoint")
    assert_one_line(run("inspect", tmp_path / "nothing.pth"), "missing_weights")


def test_a_folder_that_can_t_be_made_is_one_red_line(sovits: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_one_line(run("convert", sovits, "--out", tmp_path / "file" / "below"), "setup_failed")


def test_pull_fetches_a_version_and_says_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    files = {name: content_of(name) for name in weights_layout("v1").files}
    with running(FakeHub(files)) as hub:
        result = run("pull", "v1", "--to", tmp_path, "--endpoint", hub.endpoint)
        assert result.exit_code == 0, result.stderr
        assert f"GPT-SoVITS v1 is in {tmp_path}" in result.stdout
        assert "s2G488k.pth" in result.stderr
        assert all((tmp_path / name).read_bytes() == content for name, content in files.items())
        hub.is_down = True
        down = run("pull", "v1", "--to", tmp_path, "--endpoint", hub.endpoint)
    assert down.exit_code == 1
    assert "missing_weights" in down.stderr
    assert "Traceback" not in down.stderr


def test_pull_of_an_unknown_version_names_the_known(tmp_path: Path) -> None:
    result = run("pull", "v3", "--to", tmp_path)
    assert result.exit_code == 1
    assert "expected one of v1, v2, v2Pro, v2ProPlus, found 'v3'" in result.stderr


def test_the_command_line_starts_without_torch_or_the_hub() -> None:
    script = (
        "import sys\nimport polyvox.commands.weights\n"
        "assert not {'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
