"""What a file is, told from its table of contents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from benchmarks.checkpoint_configs import sovits_config, t2s_config
from benchmarks.checkpoint_shapes import sovits_shapes, t2s_shapes
from benchmarks.official_format import save_sovits, save_t2s
from tests.unit.models.gpt_sovits_checkpoint.conftest import Pair
from tts_core.models.gpt_sovits.checkpoint import inspect_checkpoint
from tts_core.models.gpt_sovits.weights import VERSIONS

HEADERS = {"v1": None, "v2": None, "v2Pro": "v2Pro", "v2ProPlus": "v2ProPlus"}


@pytest.mark.parametrize("version", VERSIONS)
def test_version_header_sizes_and_precision_are_told(pairs: Mapping[str, Pair], version: str) -> None:
    path = pairs[version].sovits
    summary = inspect_checkpoint(path)
    shapes = sovits_shapes(version, sovits_config(version, tiny=True))
    num_parameters = sum(torch.Size(shape).numel() for shape in shapes.values())
    assert (summary.kind, summary.version, summary.header) == ("sovits", version, HEADERS[version])
    assert (summary.is_supported, summary.is_lora, summary.container) == (True, False, "torch")
    assert (summary.num_tensors, summary.num_parameters) == (len(shapes), num_parameters)
    assert summary.parameters_by_dtype == {"float16": num_parameters}
    assert summary.size_bytes == path.stat().st_size
    assert (
        summary.config["model"]["gin_channels"] == sovits_config(version, tiny=True)["model"]["gin_channels"]
    )


def test_mixed_precision_is_counted_by_type(tmp_path: Path) -> None:
    config = t2s_config("v1", tiny=True)
    tensors = {key: torch.zeros(shape).half() for key, shape in t2s_shapes(config).items()}
    tensors["model.bert_proj.bias"] = tensors["model.bert_proj.bias"].float()
    save_t2s(tmp_path / "s1.ckpt", tensors, config, "GPT-e15")
    summary = inspect_checkpoint(tmp_path / "s1.ckpt")
    assert (summary.kind, summary.version, summary.info) == ("t2s", "v1", "GPT-e15")
    assert summary.parameters_by_dtype["float32"] == 64
    assert sum(summary.parameters_by_dtype.values()) == summary.num_parameters


def test_what_only_training_needs_is_counted_apart(tmp_path: Path) -> None:
    config = sovits_config("v2", tiny=True)
    tensors = {key: torch.zeros(shape) for key, shape in sovits_shapes("v2", config).items()}
    save_sovits(tmp_path / "s2G.pth", tensors | {"enc_q.w": torch.zeros(9)}, config, "", "v2")
    summary = inspect_checkpoint(tmp_path / "s2G.pth")
    assert (summary.num_tensors, summary.num_training_only) == (len(tensors), 1)
