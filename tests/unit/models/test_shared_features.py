"""Models of one process share the side models, and never those of other files."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
import torch

from benchmarks.make_checkpoint import make_checkpoint
from tts_core.errors import MissingWeights
from tts_core.models.gpt_sovits.loaded_model import load_model
from tts_core.models.gpt_sovits.shared_features import shared_phone_features, shared_speech_features
from tts_core.models.gpt_sovits.weights import WeightsPaths

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> WeightsPaths:
    return make_checkpoint("v2", tmp_path_factory.mktemp("weights"), tiny=True)


def test_two_models_share_what_they_do_not_differ_in(paths: WeightsPaths) -> None:
    one, other = load_model(paths, "one"), load_model(paths, "other")
    assert one.speech_features is other.speech_features
    assert one.phone_features is other.phone_features
    assert one.t2s is not other.t2s
    assert one.fingerprint == other.fingerprint


def test_other_precisions_and_other_files_are_loaded_anew(paths: WeightsPaths) -> None:
    first = shared_speech_features(paths.hubert, torch.float32, CPU)
    assert shared_speech_features(paths.hubert, torch.float32, CPU) is first
    assert shared_speech_features(paths.hubert, torch.bfloat16, CPU) is not first
    os.utime(paths.hubert / "config.json", ns=(1, 1))
    assert shared_speech_features(paths.hubert, torch.float32, CPU) is not first


def test_they_go_with_the_last_model(paths: WeightsPaths) -> None:
    features = shared_phone_features(paths.bert, torch.float32, CPU)
    address = id(features.bert)
    keeper = [features.bert]
    del features
    gc.collect()
    assert id(shared_phone_features(paths.bert, torch.float32, CPU).bert) != address
    assert keeper


def test_a_folder_that_is_not_there_is_said_each_time(paths: WeightsPaths, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(MissingWeights):
            shared_speech_features(tmp_path / "none", torch.float32, CPU)
