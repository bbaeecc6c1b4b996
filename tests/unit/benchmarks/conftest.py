"""A tiny checkpoint in the official format, for all benchmarks that load one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.make_checkpoint import make_checkpoint
from tts_core.models.gpt_sovits.loaded_model import LoadedModel, load_model
from tts_core.models.gpt_sovits.weights import locate_weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny")
    make_checkpoint("v2", path, tiny=True)
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> LoadedModel:
    torch.set_num_threads(1)
    return load_model(locate_weights(folder, "v2"), "tiny")
