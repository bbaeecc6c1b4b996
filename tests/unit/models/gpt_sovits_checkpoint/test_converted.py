"""Conversion to safetensors, and what can be wrong with its two files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.unit.models.gpt_sovits_checkpoint.conftest import Pair
from tts_core.errors import InvalidCheckpoint, MissingWeights
from tts_core.models.gpt_sovits.checkpoint import convert_checkpoint, inspect_checkpoint, read_checkpoint
from tts_core.models.gpt_sovits.checkpoint.convert import ConvertedPaths
from tts_core.models.gpt_sovits.weights import VERSIONS


@pytest.fixture
def converted(pairs: Mapping[str, Pair], tmp_path: Path) -> ConvertedPaths:
    return convert_checkpoint(pairs["v2Pro"].sovits, tmp_path / "converted")


@pytest.mark.parametrize("kind", Pair._fields)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_converted_checkpoint_reads_as_the_official_one_does(
    pairs: Mapping[str, Pair], tmp_path: Path, version: str, kind: str
) -> None:
    source = getattr(pairs[version], kind)
    paths = convert_checkpoint(source, tmp_path)
    official, converted = read_checkpoint(source), read_checkpoint(paths.weights)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert paths.weights.name == source.name.removesuffix(source.suffix) + ".safetensors"
    assert (converted.kind, converted.version) == (official.kind, official.version)
    assert (converted.config, converted.info) == (official.config, official.info)
    assert converted.tensors.keys() == official.tensors.keys()
    assert all(torch.equal(converted.tensors[key], value) for key, value in official.tensors.items())
    assert all(converted.tensors[key].dtype == value.dtype for key, value in official.tensors.items())


def test_a_converted_checkpoint_is_inspected_alike(
    pairs: Mapping[str, Pair], converted: ConvertedPaths
) -> None:
    official, after = inspect_checkpoint(pairs["v2Pro"].sovits), inspect_checkpoint(converted.weights)
    assert (after.kind, after.version, after.container, after.header) == (
        "sovits",
        "v2Pro",
        "safetensors",
        None,
    )
    assert after.num_parameters == official.num_parameters
    assert after.parameters_by_dtype == official.parameters_by_dtype


def test_converting_what_is_converted_changes_nothing(converted: ConvertedPaths, tmp_path: Path) -> None:
    again = convert_checkpoint(converted.weights, tmp_path / "again")
    assert again.weights.read_bytes() == converted.weights.read_bytes()


def test_a_bad_file_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "bad.pth").write_bytes(b"bad")
    with pytest.raises(InvalidCheckpoint):
        convert_checkpoint(tmp_path / "bad.pth", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def refused(path: Path) -> str:
    with pytest.raises(InvalidCheckpoint) as caught:
        read_checkpoint(path)
    return caught.value.message


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_weights_without_their_config_are_refused(converted: ConvertedPaths) -> None:
    converted.config.unlink()
    with pytest.raises(MissingWeights, match=r"s2Gv2Pro\.json: expected a checkpoint file"):
        read_checkpoint(converted.weights)


@pytest.mark.parametrize(
    ("content", "finding"),
    [("{", "no JSON"), ("[]", "JSON without a config"), ('{"config": {}, "format": "x/2"}', "format 'x/2'")],
)
def test_a_config_of_another_kind_is_refused(converted: ConvertedPaths, content: str, finding: str) -> None:
    converted.config.write_text(content)
    message = refused(converted.weights)
    assert str(converted.config) in message
    assert finding in message


@pytest.mark.parametrize("change", [{"version": "v2ProPlus"}, {"kind": "t2s"}])
def test_a_config_of_another_checkpoint_is_refused(converted: ConvertedPaths, change: dict[str, str]) -> None:
    edit(converted.config, **change)
    message = refused(converted.weights)
    assert "that its JSON file describes, found SoVITS v2Pro" in message


@pytest.mark.parametrize("size", [0, 7, 100, -1])
def test_weights_cut_off_are_refused(converted: ConvertedPaths, size: int) -> None:
    converted.weights.write_bytes(converted.weights.read_bytes()[:size])
    assert str(converted.weights) in refused(converted.weights)


def test_an_official_file_under_the_new_suffix_is_refused(
    pairs: Mapping[str, Pair], converted: ConvertedPaths
) -> None:
    converted.weights.write_bytes(pairs["v2"].sovits.read_bytes())
    assert "found a file that begins with b'PK" in refused(converted.weights)


def test_a_converted_file_under_the_old_suffix_is_refused(converted: ConvertedPaths) -> None:
    renamed = converted.weights.rename(converted.weights.with_suffix(".pth"))
    assert "found a safetensors file without that suffix" in refused(renamed)


def test_another_model_s_safetensors_are_refused(converted: ConvertedPaths) -> None:
    save_file({"encoder.weight": torch.zeros(2)}, converted.weights)
    assert "another model (encoder.weight)" in refused(converted.weights)


def test_inspecting_either_format_needs_no_torch(
    pairs: Mapping[str, Pair], converted: ConvertedPaths
) -> None:
    script = (
        "import sys\n"
        "from tts_core.models.gpt_sovits.checkpoint import inspect_checkpoint\n"
        "for path in sys.argv[1:]:\n"
        "    print(inspect_checkpoint(path).version)\n"
        "assert 'torch' not in sys.modules\n"
    )
    paths = (str(pairs["v1"].sovits), str(converted.weights))
    done = subprocess.run([sys.executable, "-c", script, *paths], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["v1", "v2Pro"]
