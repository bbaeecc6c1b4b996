"""A model's weights are loaded with the G2PW beside them, and what they compute is told apart by it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from benchmarks.make_checkpoint import make_checkpoint
from tests.unit.frontend.g2pw_folder import network, write_tables
from tts_core.errors import InvalidCheckpoint, MissingWeights
from tts_core.frontend.g2pw import process
from tts_core.frontend.pipeline import phonemize
from tts_core.models.gpt_sovits.loaded_model import load_model
from tts_core.models.gpt_sovits.weights import WeightsPaths, locate_weights
from tts_core.models.gpt_sovits.weights.table import G2PW_FILES

TEXT = "家觉还家率在还重。"


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    restart(monkeypatch)


def restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_adopted", None)
    monkeypatch.setattr(process, "_folders", {})


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    make_checkpoint("v2", folder, tiny=True)
    return folder


@pytest.fixture
def paths(weights: Path, tmp_path: Path) -> WeightsPaths:
    shutil.copytree(weights, tmp_path, dirs_exist_ok=True)
    return locate_weights(tmp_path, "v2")


def write_g2pw(paths: WeightsPaths) -> Path:
    assert paths.g2pw is not None
    num_chars, num_labels = write_tables(paths.g2pw)
    vocabulary = json.loads((paths.bert / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    (paths.g2pw / "g2pW.onnx").write_bytes(
        network(len(vocabulary), num_chars, num_labels, seed=7).SerializeToString()
    )
    return paths.g2pw


def test_the_folder_beside_the_weights_is_read_with(
    paths: WeightsPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = load_model(paths, "plain").fingerprint
    before = phonemize(TEXT, "zh").phones
    restart(monkeypatch)
    folder = write_g2pw(paths)
    assert {path.name for path in folder.iterdir()} == set(G2PW_FILES)
    told = load_model(paths, "with G2PW").fingerprint
    assert phonemize(TEXT, "zh").phones != before
    assert told != plain, "prompts that were kept with other phones would be taken for this model's"
    assert load_model(paths, "again").fingerprint == told


def test_without_it_one_line_says_what_to_run(paths: WeightsPaths, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("one", "two"):
        load_model(paths, name)
    (line,) = [record.message for record in caplog.records if "G2PW" in record.message]
    assert line.endswith(f"Run: polyvox weights pull g2pw --to {paths.bert.parent}")


def test_half_of_it_is_an_error_at_start_up(paths: WeightsPaths) -> None:
    (write_g2pw(paths) / "POLYPHONIC_CHARS.txt").unlink()
    with pytest.raises(MissingWeights, match=r"POLYPHONIC_CHARS\.txt.* Run: polyvox weights pull g2pw --to"):
        load_model(paths, "half")


def test_a_damaged_one_is_an_error_at_start_up(paths: WeightsPaths) -> None:
    network = write_g2pw(paths) / "g2pW.onnx"
    network.write_bytes(network.read_bytes()[:5000])
    with pytest.raises(InvalidCheckpoint, match=r"g2pW\.onnx.* Run: polyvox weights pull g2pw --to"):
        load_model(paths, "damaged")


def test_a_model_that_speaks_no_chinese_needs_none(
    paths: WeightsPaths, caplog: pytest.LogCaptureFixture
) -> None:
    (write_g2pw(paths) / "g2pW.onnx").write_bytes(b"damaged")
    load_model(paths, "no Chinese", with_phone_features=False)
    load_model(dataclasses.replace(paths, g2pw=None), "elsewhere")
    assert not [record for record in caplog.records if "G2PW" in record.message]
