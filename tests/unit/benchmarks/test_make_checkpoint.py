"""Weights made from the formula: of the published sizes, in the published formats."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer, HubertModel
from typer.testing import CliRunner

from benchmarks.checkpoint_configs import sovits_config, t2s_config
from benchmarks.checkpoint_shapes import Shapes, sovits_shapes, t2s_shapes
from benchmarks.make_checkpoint import app, make_checkpoint
from benchmarks.speaker_shapes import speaker_shapes
from tts_core.errors import InvalidConfig
from tts_core.models.gpt_sovits.checkpoint import check_pair, read_checkpoint, read_state_dict
from tts_core.models.gpt_sovits.weights import WeightsPaths, locate_weights

# Number of tensors, of parameters, and CRC-32 of the sorted names and shapes of the reference's checkpoints.
PUBLISHED = {
    "t2s v2": (295, 77_606_402, 0xCFCA2BC8),
    "v1": (673, 42_352_001, 0xCAB1479D),
    "v2": (673, 42_389_633, 0xFACA6626),
    "v2Pro": (678, 67_361_921, 0x2E7D09F7),
    "v2ProPlus": (678, 86_272_257, 0xBD5F1BFB),
}


def fingerprint(shapes: Shapes) -> tuple[int, int, int]:
    lines = "\n".join(f"{key} {'x'.join(map(str, shape))}" for key, shape in sorted(shapes.items()))
    return len(shapes), sum(map(math.prod, shapes.values())), zlib.crc32(lines.encode())


@pytest.mark.parametrize("version", ["v1", "v2", "v2Pro", "v2ProPlus"])
def test_sovits_has_the_published_tensors(version: str) -> None:
    assert fingerprint(sovits_shapes(version, sovits_config(version))) == PUBLISHED[version]


def test_t2s_has_the_published_tensors() -> None:
    assert fingerprint(t2s_shapes(t2s_config("v2"))) == PUBLISHED["t2s v2"]
    v1 = t2s_shapes(t2s_config("v1"))
    assert v1["model.ar_text_embedding.word_embeddings.weight"] == (512, 512)
    assert len(v1) == 295


def test_the_speaker_encoder_has_the_published_size() -> None:
    shapes = speaker_shapes()
    assert sum(map(math.prod, shapes.values())) * 2 == pytest.approx(107.5e6, rel=0.005)
    assert shapes["seg_1.weight"] == (192, 40960)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights")
    make_checkpoint("v2Pro", path, tiny=True)
    return path


@pytest.fixture(scope="module")
def paths(folder: Path) -> WeightsPaths:
    return locate_weights(folder, "v2Pro")


def test_the_pair_speaks_together(paths: WeightsPaths) -> None:
    t2s, sovits = read_checkpoint(paths.t2s), read_checkpoint(paths.sovits)
    check_pair(t2s, sovits)
    assert sovits.version == "v2Pro"
    assert t2s.config["model"]["n_layer"] == 2


def load_whole(kind: Any, folder: Path) -> Any:
    """Return the model, and transformers' report of missing and unexpected keys."""
    return kind.from_pretrained(folder, output_loading_info=True, local_files_only=True, dtype=torch.float32)


def test_hubert_loads_whole_and_hears_at_fifty_frames_a_second(paths: WeightsPaths) -> None:
    model, report = load_whole(HubertModel, paths.hubert)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    with torch.inference_mode():
        frames = model.eval()(torch.randn(1, 16000)).last_hidden_state
    assert frames.shape == (1, 49, 768)
    assert frames.isfinite().all()


def test_bert_loads_whole_with_a_tokenizer_that_knows_han(paths: WeightsPaths) -> None:
    tokenizer = AutoTokenizer.from_pretrained(paths.bert, local_files_only=True)
    model, report = load_whole(AutoModelForMaskedLM, paths.bert)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    tokens = tokenizer("一丁，好a。", return_tensors="pt")
    words = tokenizer.convert_ids_to_tokens(tokens["input_ids"][0])
    assert words == ["[CLS]", "一", "丁", "，", "[UNK]", "a", "。", "[SEP]"]
    with torch.inference_mode():
        states = model.eval()(**tokens, output_hidden_states=True).hidden_states
    assert states[-3].shape == (1, 8, 1024)


def test_the_speaker_encoder_reads_back(paths: WeightsPaths) -> None:
    assert paths.speaker
    tensors = read_state_dict(paths.speaker)
    assert {key: tuple(value.shape) for key, value in tensors.items()} == speaker_shapes()
    assert all((tensors[key] > 0).all() for key in tensors if key.endswith("running_var"))


def test_the_command_refuses_versions_that_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig):
        make_checkpoint("v5", tmp_path)
    result = CliRunner().invoke(app, ["--version", "v5", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "invalid_config" in result.stderr
    assert not list(tmp_path.iterdir())
